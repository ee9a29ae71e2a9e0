package rule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
)

const manyRules = 8000

// manyOf is a set of rules, on one shared stream or each on its own.
func manyOf(shared bool) Set {
	set := Set{Streams: map[string]string{}, Rules: map[string]string{}}
	for i := range manyRules {
		stream := "demo"
		if !shared {
			stream = fmt.Sprintf("s%d", i)
		}
		set.Streams[stream] = fmt.Sprintf(`CREATE STREAM %s () WITH (TYPE="quiet", FORMAT="json", DATASOURCE="%s", SHARED="true")`, stream, stream)
		id := fmt.Sprintf("r%d", i)
		set.Rules[id] = fmt.Sprintf(`{"id":%q,"sql":"SELECT temperature, humidity FROM %s WHERE device = 'd%d' AND temperature > %d","actions":[{"quiet":{}}],"options":{"sendError":false}}`, id, stream, i, i%100)
	}
	return set
}

// benchmarkApply creates thousands of rules at once and tells what each of them
// costs.
func benchmarkApply(b *testing.B, shared bool) {
	reg := registryOf("quiet", quiet{})
	set := manyOf(shared)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		st, err := store.Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		m, err := Open(st, reg, connector.Env{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		before := inUse()
		b.StartTimer()
		if _, err := m.Apply(set); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		b.ReportMetric(float64(inUse()-before)/manyRules, "B/rule")
		if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// inUse is the memory of live objects and stacks.
func inUse() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc + s.StackInuse
}

func BenchmarkApplyShared(b *testing.B)     { benchmarkApply(b, true) }
func BenchmarkApplyOwnStreams(b *testing.B) { benchmarkApply(b, false) }
