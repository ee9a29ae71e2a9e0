package rule

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/store"
)

// A rule that is changed again and again while messages flow gets each of them
// once, in order.
func TestChangedRuleMissesNothing(t *testing.T) {
	for _, qos := range []int{0, 1} {
		t.Run(fmt.Sprint("qos ", qos), func(t *testing.T) {
			b, dir := &broker{wake: make(chan struct{}, 1), forgetful: qos == 0}, t.TempDir()
			m, st := openOn(t, dir, b)
			if _, err := m.Execute(brokerStream); err != nil {
				t.Fatal(err)
			}
			m.Start()
			define := func(i int) string {
				return fmt.Sprintf(`{"id":"r","sql":"SELECT n FROM s WHERE n > -%d","actions":[{"broker":{"sendSingle":true}}],"options":{"qos":%d}}`, i, qos)
			}
			if _, _, err := m.Create(define(1)); err != nil {
				t.Fatal(err)
			}
			stop, sent := make(chan struct{}), make(chan int)
			go func() {
				n := 0
				for {
					select {
					case <-stop:
						sent <- n
						return
					default:
						n++
						b.send(n) // from 1 on: 0 is no name
						if n%10 == 0 {
							time.Sleep(time.Millisecond)
						}
					}
				}
			}()
			for i := range 30 {
				if _, err := m.Update("r", define(i+2)); err != nil {
					t.Fatal(err)
				}
			}
			close(stop)
			n := <-sent
			deadline := time.Now().Add(time.Minute)
			for len(b.results("r")) < n && time.Now().Before(deadline) {
				if last := b.results("r"); len(last) > 0 && last[len(last)-1] == fmt.Sprintf(`{"n":%d}`, n) {
					break // what is missing will not come
				}
				time.Sleep(time.Millisecond)
			}
			got := b.results("r")
			for i := range min(n, len(got)) {
				if want := fmt.Sprintf(`{"n":%d}`, i+1); got[i] != want {
					t.Fatalf("%s, want %s, of %d", got[i], want, n)
				}
			}
			if len(got) != n {
				t.Errorf("%d of %d", len(got), n)
			}
			ends(t, m, st)
		})
	}
}

// A checkpoint that comes while a rule changes waits for what the old one has
// yielded: the sources will not send it again.
func TestCheckpointWhileARuleChanges(t *testing.T) {
	withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) {
		create(t, m, "r", "SELECT n FROM s", `{"qos":1,"checkpointInterval":"1h"}`)
		time.Sleep(10 * time.Second)
		b.mu.Lock()
		b.slow = 2500 * time.Millisecond
		b.mu.Unlock()
		b.send(1)
		synctest.Wait()
		changed, made := make(chan error, 1), make(chan struct{})
		go func() {
			_, err := m.Update("r", `{"id":"r","sql":"SELECT n, 1 AS one FROM s","actions":[{"broker":{"sendSingle":true}}],"options":{"qos":1}}`)
			changed <- err
		}()
		synctest.Wait() // it has left, and waits for its sink
		go func() {
			defer close(made)
			m.checkpoints.make(t.Context())
		}()
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		left := crash(t, dir) // now it is killed
		if got := b.results("r"); len(got) > 0 {
			t.Fatalf("the sink is too quick: %v", got)
		}
		if err := <-changed; err != nil {
			t.Error(err)
		}
		<-made
		ends(t, m, st)
		b.mu.Lock()
		b.got = nil
		b.mu.Unlock()
		m, st = openOn(t, left, b)
		m.Start()
		time.Sleep(time.Minute)
		if got := b.results("r"); !slices.Equal(got, []string{`{"n":1}`}) {
			t.Errorf("got %v", got)
		}
		ends(t, m, st)
	})
}
