package function

import (
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

// TestResetBeginsAnew: what was folded before a reset leaves no trace.
func TestResetBeginsAnew(t *testing.T) {
	eachAggregate(t, func(t *rapid.T, f *Aggregate, call expr) {
		used := f.New()
		r, ok := used.(Reusable)
		if !ok {
			return
		}
		fold(f, call, used, anyRows(t))
		other := f.New()
		fold(f, call, other, anyRows(t))
		used.Merge(other)
		r.Reset()
		rows := anyRows(t)
		want, wantOK := outcome(fold(f, call, f.New(), rows))
		got, gotOK := outcome(fold(f, call, used, rows))
		if gotOK != wantOK || gotOK && !(got.Kind() == want.Kind() && value.Equal(got, want)) {
			t.Fatalf("after a reset: %v %v, new: %v %v", got, gotOK, want, wantOK)
		}
	})
}

// TestHolisticIsWhatGrows: windows that slide hold one state a row of those
// aggregates that are not holistic, so these must be small.
func TestHolisticIsWhatGrows(t *testing.T) {
	for _, f := range declaredAggregates(Builtin()) {
		call := calls(t, f)[0]
		size := func(rows int) int {
			acc := f.New()
			for i := range rows {
				x := value.OfInt(int64(i))
				if f.Params[0] == Object {
					x = value.OfObject(&value.Fields{Names: []string{string(rune('a' + i))}, Values: []value.Value{x}})
				}
				if err := acc.Add(rowArgs(f, call, x)); err != nil {
					t.Fatal(f.Name, err)
				}
			}
			var e value.Encoder
			acc.Snapshot(&e)
			return len(e.Bytes())
		}
		grows := size(1000) > size(10)+100
		if grows != f.Holistic {
			t.Errorf("%s: holistic is %v, its state has %d bytes for 10 rows and %d for 1,000", f.Name, f.Holistic, size(10), size(1000))
		}
		if _, reusable := f.New().(Reusable); !reusable && !f.Holistic {
			t.Errorf("%s cannot begin anew", f.Name)
		}
	}
}
