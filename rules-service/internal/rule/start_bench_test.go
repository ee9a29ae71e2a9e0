package rule

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
)

// benchmarkStart starts a service on thousands of stored rules, and ends it.
func benchmarkStart(b *testing.B, shared bool) {
	reg, dir := registryOf("quiet", quiet{}), b.TempDir()
	open := func() (*Manager, *store.Store) {
		st, err := store.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		m, err := Open(st, reg, connector.Env{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		return m, st
	}
	end := func(m *Manager, st *store.Store) time.Duration {
		start := time.Now()
		if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	m, st := open()
	if _, err := m.Apply(manyOf(shared)); err != nil {
		b.Fatal(err)
	}
	end(m, st)
	var ending time.Duration
	b.ReportAllocs()
	for b.Loop() {
		m, st := open()
		m.Start()
		b.StopTimer()
		ending += end(m, st)
		b.StartTimer()
	}
	b.ReportMetric(float64(ending.Milliseconds())/float64(b.N), "ms-to-end")
}

func BenchmarkStartShared(b *testing.B)     { benchmarkStart(b, true) }
func BenchmarkStartOwnStreams(b *testing.B) { benchmarkStart(b, false) }

// BenchmarkImportHalfWrong imports thousands of rules of which every other one is wrong.
func BenchmarkImportHalfWrong(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		m, st := openWith(b, "quiet", quiet{})
		set := manyOf(true)
		i := 0
		for id := range set.Rules {
			if i++; i%2 == 0 {
				set.Rules[id] = ruleOf(id, "nowhere")
			}
		}
		b.StartTimer()
		if _, wrong, err := m.Import(set); err != nil || len(wrong) != manyRules/2 {
			b.Fatal(len(wrong), err)
		}
		b.StopTimer()
		if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
