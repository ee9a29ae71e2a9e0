package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// moody answers in all ways that a sink can.
type moody struct {
	null
	written *atomic.Int64
}

func (m moody) Write(_ context.Context, msgs []connector.Outbound) error {
	switch rand.N(6) {
	case 0:
		return errRefused
	case 1:
		return connector.ErrNotConnected
	case 2:
		return &connector.Permanent{Err: errRefused}
	case 3:
		m.written.Add(int64(len(msgs) - 1))
		return &connector.Partial{Failed: []int{rand.N(len(msgs))}, Err: errRefused}
	}
	m.written.Add(int64(len(msgs)))
	return nil
}

// Every message is written or counted as dropped, and acknowledged once,
// whatever sinks answer and whenever rules end. The pauses between attempts
// take no time here.
func TestEveryMessageIsAccountedFor(t *testing.T) { synctest.Test(t, everyMessageIsAccountedFor) }

func everyMessageIsAccountedFor(t *testing.T) {
	var written atomic.Int64
	p := poolOf(moody{written: &written})
	const rules, batches, size = 8, 50, 5
	var acks, late atomic.Int64
	var targets []*Target
	var work sync.WaitGroup
	for i := range rules {
		target := open(t, p, map[string]any{"sendSingle": true, "bufferLength": 3, "resendInterval": "1ms", "topic": fmt.Sprint(i)}, Form{})
		targets = append(targets, target)
		work.Go(func() {
			for range batches {
				ack := value.NewAck(func(err error) {
					acks.Add(1)
					if errors.Is(err, errClosed) {
						late.Add(1)
					}
				})
				_ = target.Push(rows(ack, 1, 2, 3, 4, 5))
				ack.Release(nil)
			}
		})
		if i%2 == 0 { // this rule ends while it sends
			work.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				_ = target.Finish(ctx)
			})
		}
	}
	work.Wait()
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var out, dropped uint64
	for _, target := range targets {
		s := target.Stats()
		out, dropped = out+s.RecordsOut, dropped+s.Dropped
	}
	if out+dropped != rules*batches*size || int64(out) != written.Load() || acks.Load() != rules*batches {
		t.Fatalf("written %d (the sink says %d), dropped %d of %d; %d acknowledged of %d, %d of them late",
			out, written.Load(), dropped, rules*batches*size, acks.Load(), rules*batches, late.Load())
	}
}
