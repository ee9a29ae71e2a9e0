package delivery

import (
	"context"
	"testing"
	"time"
)

// While its target is down a Push costs no more than a turn of the queue.
func BenchmarkPushWhileDown(b *testing.B) {
	for name, every := range map[string]time.Duration{"fsync": 0, "later": time.Second} {
		b.Run(name, func(b *testing.B) {
			s := newServer()
			s.set(errRefused)
			p := poolOf(s)
			p = NewStoringPool(p.registry, p.env, Storage{Dir: b.TempDir(), SyncEvery: every})
			target := openRule(b, p, "r1", "t", map[string]any{"bufferLength": 100_000})
			batch := rows(nil, 1)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				_ = target.Push(batch)
				n++
			}
			ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
			defer cancel()
			if err := target.Finish(ctx); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64(target.Stats().Dropped), "dropped")
		})
	}
}

// All the way: rendered, queued, written to disk, read from there, and written
// to the target.
func BenchmarkThroughDisk(b *testing.B) {
	for name, every := range map[string]time.Duration{"fsync": 0, "later": time.Second} {
		b.Run(name, func(b *testing.B) {
			p := poolOf(null{})
			p = NewStoringPool(p.registry, p.env, Storage{Dir: b.TempDir(), SyncEvery: every})
			target := openRule(b, p, "r1", "t", map[string]any{"bufferLength": 10_000})
			w := target.worker
			w.mu.Lock()
			w.leaving++ // all goes by disk
			w.spill()
			w.mu.Unlock()
			batch := rows(nil, numbers(0, 100)...)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				_ = target.Push(batch)
				n += len(batch.Rows)
			}
			for target.Stats().BufferLength > 0 {
				time.Sleep(time.Millisecond)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "messages/s")
			if st := target.Stats(); st.Dropped > 0 || st.RecordsOut != uint64(n) {
				b.Fatalf("%+v", st)
			}
			if !w.spilling {
				b.Fatal("it does not go by disk")
			}
			if err := p.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
