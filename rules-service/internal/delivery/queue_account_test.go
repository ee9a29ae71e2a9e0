package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// book is a server in all moods that remembers the last number of each topic.
type book struct {
	mu      sync.Mutex
	written map[string]int // messages by topic
	last    map[string]int
	wrong   []string
}

func (b *book) Connect(context.Context) error {
	if rand.N(4) == 0 {
		return errRefused
	}
	return nil
}

func (b *book) Write(ctx context.Context, msgs []connector.Outbound) error {
	failed := -1
	var err error
	switch rand.N(9) {
	case 0:
		return errRefused
	case 1:
		return connector.ErrNotConnected
	case 2:
		return &connector.Permanent{Err: errRefused}
	case 3:
		failed = rand.N(len(msgs))
		err = &connector.Partial{Failed: []int{failed}, Err: errRefused}
	case 4:
		failed = rand.N(len(msgs))
		err = &connector.Partial{Failed: []int{failed}, Err: &connector.Permanent{Err: errRefused}}
	case 5:
		if rand.N(4) == 0 { // hangs for a while
			select {
			case <-time.After(rand.N(10 * time.Second)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range msgs {
		if i == failed {
			continue
		}
		topic, n := msgs[i].Values["topic"], 0
		_, _ = fmt.Sscanf(string(msgs[i].Payload), `{"a":%d}`, &n)
		b.written[topic]++
		if failed < 0 && n <= b.last[topic] && b.last[topic] > 0 {
			b.wrong = append(b.wrong, fmt.Sprintf("topic %s: %d after %d", topic, n, b.last[topic]))
		}
		if failed < 0 || i < failed {
			b.last[topic] = n
		}
	}
	return err
}

func (b *book) Close(context.Context) error { return nil }

// onDiskIn counts the messages in all queues of a folder.
func onDiskIn(t *testing.T, p *Pool) (total int) {
	t.Helper()
	for _, key := range []string{"one", "two"} {
		c, err := p.decode("fake", map[string]any{"server": key, "topic": "t"})
		if err != nil {
			t.Fatal(err)
		}
		b := backlog{options: p.storage.journalOf(p.storage.folderOf(c.Key))}
		if !b.exists() {
			continue
		}
		if _, err := b.open(func(*stored) { total++ }); err != nil {
			t.Fatal(err)
		}
		if err := b.close(nil, true); err != nil {
			t.Fatal(err)
		}
	}
	return total
}

// Whatever the sinks answer and whenever rules end and come back, every message
// is written, counted as dropped, or on disk, and acknowledged once.
func TestEveryMessageIsAccountedForWithDisk(t *testing.T) {
	for name, st := range map[string]Storage{"ample": {}, "small": {MaxBytes: 16 << 10}} {
		t.Run(name, func(t *testing.T) {
			st.Dir = t.TempDir()
			synctest.Test(t, func(t *testing.T) { accountWithDisk(t, st) })
		})
	}
}

func accountWithDisk(t *testing.T, st Storage) {
	const rounds, rules, batches, size = 4, 6, 60, 5
	var mu sync.Mutex
	acks, late := 0, 0
	var out, dropped, total, sent uint64
	b := &book{written: map[string]int{}, last: map[string]int{}}
	pool := storingPool(b, st)
	for round := range rounds {
		before := onDiskIn(t, pool)
		p := storingPool(b, st)
		var figures sync.Mutex
		var all []*Target
		var work sync.WaitGroup
		for i := range rules {
			work.Go(func() {
				n := 1 + round*batches*size
				for half := range 2 { // the rule ends and comes back
					target := openRule(t, p, fmt.Sprint("r", i), fmt.Sprint(i), map[string]any{
						"bufferLength": 3 + 100*(i%2), "resendInterval": "10ms", "server": []string{"one", "two"}[i%2]})
					figures.Lock()
					all = append(all, target)
					figures.Unlock()
					for range batches / 2 {
						ack := value.NewAck(func(err error) {
							mu.Lock()
							defer mu.Unlock()
							if acks++; errors.Is(err, errClosed) {
								late++
							}
						})
						_ = target.Push(rows(ack, numbers(n, n+size)...))
						n += size
						ack.Release(nil)
						if rand.N(10) == 0 {
							time.Sleep(rand.N(time.Second))
						}
					}
					if half == 0 {
						ctx, cancel := context.WithTimeout(t.Context(), rand.N(time.Second))
						_ = target.Finish(ctx)
						cancel()
					}
				}
			})
		}
		work.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), rand.N(time.Second))
		_ = p.Close(ctx)
		cancel()
		synctest.Wait()
		sent += rules * batches * size
		for _, target := range all {
			s := target.Stats()
			out, dropped = out+s.RecordsOut, dropped+s.Dropped
		}
		total = out + dropped + uint64(onDiskIn(t, pool))
		if total != sent {
			t.Fatalf("round %d, %d on disk before it: written %d, dropped %d, on disk %d of %d", round, before, out, dropped, onDiskIn(t, pool), sent)
		}
	}
	written := 0
	for _, n := range b.written {
		written += n
	}
	if uint64(written) != out || acks != rounds*rules*batches || late > 0 {
		t.Errorf("written %d, the sink says %d; %d acknowledged of %d, %d of them late", out, written, acks, rounds*rules*batches, late)
	}
	if len(b.wrong) > 0 {
		t.Errorf("%d times out of order: %v", len(b.wrong), b.wrong[0])
	}
}
