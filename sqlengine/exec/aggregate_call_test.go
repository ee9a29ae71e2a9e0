package exec

import (
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// TestWrappedAggregates: however rows are spread over panes, the panes that are
// merged give what one pane with all rows gives, also after a restore; and that
// is what the aggregate gives for just the rows that FILTER and DISTINCT leave.
func TestWrappedAggregates(t *testing.T) {
	set := function.Builtin()
	for _, name := range []string{"count", "sum", "collect", "max"} {
		inner, _ := set.Aggregate(name)
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) { checkWrapped(t, inner) }))
	}
}

func checkWrapped(t *rapid.T, inner *function.Aggregate) {
	f := filtered(distinct(inner))
	whole, merged, plain := f.New(), f.New(), inner.New()
	seen, fed := map[string]bool{}, false
	for range rapid.IntRange(0, 4).Draw(t, "panes") {
		pane := f.New()
		for range rapid.IntRange(0, 6).Draw(t, "rows") {
			pass := rapid.Bool().Draw(t, "pass")
			v := rapid.SampledFrom([]value.Value{{}, value.OfInt(1), value.OfFloat(1), value.OfInt(2), value.OfFloat(2.5)}).Draw(t, "value")
			args := []value.Value{value.OfBool(pass), v}
			must(t, whole.Add(args), pane.Add(args))
			if key := string(value.AppendKey(nil, v)); pass && !seen[key] {
				seen[key] = true
				must(t, plain.Add(args[1:]))
			}
			fed = fed || pass
		}
		merged.Merge(restored(t, f, pane))
		merged = restored(t, f, merged)
	}
	want, err := plain.Result()
	must(t, err)
	if !fed {
		want = inner.Unfed
	}
	for _, a := range []function.Accumulator{whole, merged} {
		got, err := a.Result()
		must(t, err)
		if got.Kind() != want.Kind() || !value.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

func restored(t *rapid.T, f *function.Aggregate, a function.Accumulator) function.Accumulator {
	e := &value.Encoder{}
	a.Snapshot(e)
	d := value.NewDecoder(e.Bytes())
	again := f.New()
	again.Restore(d)
	must(t, d.Err())
	if d.Len() > 0 {
		t.Fatalf("%d bytes are left", d.Len())
	}
	return again
}

func must(t *rapid.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSlots: a set of time slots is compared with one of single moments.
func TestSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slots
		taken := map[int64]bool{}
		for range rapid.IntRange(1, 20).Draw(t, "claims") {
			if rapid.IntRange(0, 5).Draw(t, "forget") == 0 {
				s.forget(rapid.Int64Range(0, 20).Draw(t, "until"))
				taken = momentsOf(s)
			}
			start := rapid.Int64Range(0, 30).Draw(t, "start")
			end := start + rapid.Int64Range(1, 20).Draw(t, "length")
			fresh := momentsOf(s.claim(start, end))
			for m := start; m < end; m++ {
				if fresh[m] == taken[m] {
					t.Fatalf("moment %d: new %v, taken %v", m, fresh[m], taken[m])
				}
				taken[m] = true
				delete(fresh, m)
			}
			if len(fresh) > 0 || len(momentsOf(s)) != len(taken) {
				t.Fatalf("%v are taken, %v beside the slot", s, fresh)
			}
			for i := 1; i < len(s); i++ {
				if s[i-1].end >= s[i].start {
					t.Fatalf("%v touch each other", s)
				}
			}
		}
	})
}

func momentsOf(list []slot) map[int64]bool {
	moments := map[int64]bool{}
	for _, s := range list {
		for m := s.start; m < s.end; m++ {
			moments[m] = true
		}
	}
	return moments
}
