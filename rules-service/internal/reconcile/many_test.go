package reconcile_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"log/slog"

	"sluice/rules-service/internal/reconcile"
	"sluice/rules-service/internal/rule"
	"sluice/rules-service/internal/store"
)

const many = 500

// counted is a reconciler of its own that counts how often the service is given
// a set.
func counted(b *bench) (r *reconcile.Reconciler, imports *atomic.Int64) {
	b.t.Helper()
	imports = &atomic.Int64{}
	st, err := store.Open(b.t.TempDir())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := st.Close(); err != nil {
			b.t.Error(err)
		}
	})
	r, err = reconcile.New(reconcile.Service{Rules: b.Rules, Store: st, Call: b.API.Call, Log: slog.New(slog.DiscardHandler),
		Import: func(s rule.Set) ([]rule.Change, []rule.Finding, error) {
			imports.Add(1)
			return b.API.Import(s)
		}}, reconcile.Options{Folder: b.folder, Interval: time.Minute})
	if err != nil {
		b.t.Fatal(err)
	}
	return r, imports
}

// writeMany writes files of rules, each on a stream of another file.
func (b *bench) writeMany(condition int) {
	b.t.Helper()
	for i := range many {
		if i%10 == 0 {
			b.write(filepath.Join("streams", fmt.Sprintf("s%d.sql", i/10)), stream(fmt.Sprintf("s%d", i/10)))
		}
		b.write(fmt.Sprintf("r%d.json", i), ruleOn(fmt.Sprintf("r%d", i), fmt.Sprintf("s%d", i/10), fmt.Sprintf("a > %d", condition)))
	}
}

// Hundreds of files are one difference.
func TestManyFilesAreAppliedAtOnce(t *testing.T) {
	b := start(t)
	r, imports := counted(b)
	b.writeMany(1)
	r.Now(t.Context())
	if s := r.Status(); s.Counts[reconcile.Applied] != many+many/10 || imports.Load() != 1 {
		t.Fatalf("%v, %d sets", s.Counts, imports.Load())
	}
	r.Now(t.Context())
	if imports.Load() != 1 {
		t.Errorf("%d sets, though nothing has changed", imports.Load())
	}
	b.write("r7.json", ruleOn("r7", "s0", "a > 7"))
	b.write("r8.json", ruleOn("r8", "nowhere", "a > 7"))
	r.Now(t.Context())
	if s := r.Status(); s.Counts[reconcile.Applied] != many+many/10-1 {
		t.Errorf("%v", s.Counts)
	}
	b.has("/rules/r7", "a > 7")
	b.has("/rules/r8", "a > 1")
}

// BenchmarkFiles applies hundreds of files, changes all of them, and looks at
// them when nothing has changed.
func BenchmarkFiles(b *testing.B) {
	for _, what := range []string{"new", "changed", "unchanged"} {
		b.Run(what, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				bench := start(b)
				r, _ := counted(bench)
				bench.writeMany(1)
				if what != "new" {
					r.Now(b.Context())
				}
				if what == "changed" {
					bench.writeMany(2)
				}
				b.StartTimer()
				r.Now(b.Context())
				b.StopTimer()
				if s := r.Status(); s.Counts[reconcile.Applied] != many+many/10 {
					b.Fatal(s.Counts)
				}
				bench.Close(b)
				b.StartTimer()
			}
		})
	}
}
