package journal

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

func BenchmarkAppend(b *testing.B) {
	payload := bytes.Repeat([]byte("x"), 200)
	for _, policy := range []struct {
		name string
		sync time.Duration
	}{{"fsync", 0}, {"later", time.Second}} {
		for _, batch := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%s/batch=%d", policy.name, batch), func(b *testing.B) {
				l := open(b, Options{SyncEvery: policy.sync, Full: DropOldest})
				payloads := slices.Repeat([][]byte{payload}, batch)
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					if _, err := l.Append(context.Background(), payloads...); err != nil {
						b.Fatal(err)
					}
					n += batch
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
			})
		}
		b.Run(policy.name+"/parallel", func(b *testing.B) {
			l := open(b, Options{SyncEvery: policy.sync, Full: DropOldest})
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := l.Append(context.Background(), payload); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
