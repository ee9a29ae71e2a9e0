package mqtt

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// Thousands of sources of one connection, as one reader connects them: the time
// until all are subscribed, and what each of them keeps.
func BenchmarkEightThousandSources(b *testing.B) {
	const n = 8000
	url := "tcp://" + servers.Mosquitto(b).Addr()
	for b.Loop() {
		b.StopTimer()
		info, err := registry().Source("mqtt")
		if err != nil {
			b.Fatal(err)
		}
		opened := make([]*connector.SourceConfig, n)
		for i := range opened {
			if opened[i], err = info.Decode(map[string]any{"datasource": fmt.Sprintf("plant/line%d/device%d/temperature", i%20, i), "server": url, "timeout": "20s"}, connectortest.Quiet()); err != nil {
				b.Fatal(err)
			}
		}
		before := heap()
		b.StartTimer()
		sources := make([]connector.Source, n)
		for i, c := range opened {
			if sources[i], err = c.Open(); err != nil {
				b.Fatal(err)
			}
			sources[i].(connector.Notifier).Notify(func() {})
		}
		for _, s := range sources {
			if err := s.Connect(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		b.ReportMetric(float64(heap()-before)/n, "B/source")
		for _, s := range sources {
			if err := s.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		runtime.KeepAlive(opened)
		b.StartTimer()
	}
}

// heap is the memory of objects in use. What pools hold goes with the second
// collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
