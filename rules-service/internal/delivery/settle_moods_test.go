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

	"sluice/sqlengine/value"
)

// Whatever the sink does, all rows in front of a mark are done with when it is
// settled: none is in memory alone.
func TestSettleInAllMoods(t *testing.T) {
	for name, st := range map[string]Storage{"ample": {}, "small": {MaxBytes: 16 << 10}} {
		t.Run(name, func(t *testing.T) {
			st.Dir = t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p := storingPool(&book{written: map[string]int{}, last: map[string]int{}}, st)
				var work sync.WaitGroup
				var settled atomic.Int64
				for i := range 6 {
					work.Go(func() {
						more := map[string]any{"bufferLength": 3 + 100*(i%2), "resendInterval": "10ms", "server": []string{"one", "two"}[i%3%2]}
						if i%3 == 0 {
							more["batchSize"] = 4
						}
						settleOften(t, openRule(t, p, fmt.Sprint("r", i), fmt.Sprint(i), more), &settled)
					})
				}
				work.Wait()
				if settled.Load() < 100 {
					t.Errorf("%d marks were settled", settled.Load())
				}
				_ = p.Close(canceled(t))
			})
		})
	}
}

// settleOften pushes rows, and settles marks that it takes now and then.
func settleOften(t *testing.T, target *Target, settled *atomic.Int64) {
	const n = 400
	var done [n]atomic.Bool
	var waits sync.WaitGroup
	defer waits.Wait()
	for i := range n {
		ack := value.NewAck(func(error) { done[i].Store(true) })
		_ = target.Push(rows(ack, i))
		ack.Release(nil)
		if rand.N(10) == 0 {
			time.Sleep(rand.N(time.Second))
		}
		if rand.N(10) > 0 {
			continue
		}
		mark := target.Mark()
		waits.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			if err := target.Settle(ctx, mark); err != nil {
				t.Error(err)
				return
			}
			settled.Add(1)
			time.Sleep(time.Millisecond) // acks are told a moment later
			for k := range i + 1 {
				if !done[k].Load() {
					t.Errorf("row %d is not done with, though the mark behind %d is settled", k, i)
					return
				}
			}
		})
	}
}

// Settling while actions end and come back neither hangs nor leaks.
func TestSettleWhileActionsEnd(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := storingPool(stuck{}, Storage{Dir: dir})
		from := uint64(0)
		for range 20 {
			target, err := p.Open(crashingAction(from))
			if err != nil {
				t.Fatal(err)
			}
			_ = target.Push(rows(nil, numbers(0, rand.N(600))...))
			from = target.Mark()
			var work sync.WaitGroup
			for range 3 {
				work.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), rand.N(3*time.Second))
					defer cancel()
					if err := target.Settle(ctx, from); err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
				})
			}
			ctx, cancel := context.WithTimeout(t.Context(), rand.N(2*time.Second))
			_ = target.Finish(ctx)
			cancel()
			work.Wait()
			if len(target.settlements) > 0 || target.worker.leaving > 0 {
				t.Fatalf("%d settlements, %d are leaving", len(target.settlements), target.worker.leaving)
			}
		}
		_ = p.Close(t.Context())
	})
}
