package exec_test

import (
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

// TestRowNumberLikeModel: the number of a row is one more than the rows of its
// partition that stand before it: by their value, greatest first, then as they
// came.
func TestRowNumberLikeModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(r, "rows")
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", ""}), n, n).Draw(r, "keys")
		values := rapid.SliceOfN(rapid.Int64Range(0, 4), n, n).Draw(r, "values")
		out := &keeper{}
		run, p := open(t, "SELECT row_number() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", out, nil)
		batch := &value.Batch{}
		for i := range n {
			row := value.Row{}
			for _, c := range p.Inputs("demo") {
				v := value.OfInt(values[i])
				if c.Name == "k" {
					v = value.OfString(keys[i])
				}
				row.Cols = append(row.Cols, v)
			}
			batch.Rows = append(batch.Rows, row)
		}
		if err := run.Push("demo", batch); err != nil {
			r.Fatal(err)
		}
		if err := run.Advance(1e9); err != nil {
			r.Fatal(err)
		}
		if len(out.rows) != n {
			r.Fatalf("%d rows of %d", len(out.rows), n)
		}
		for i, row := range out.rows {
			want := int64(1)
			for j := range n {
				if keys[j] == keys[i] && (values[j] > values[i] || values[j] == values[i] && j < i) {
					want++
				}
			}
			if got := row.Cols[0].Int(); got != want {
				r.Fatalf("row %d has number %d, want %d", i, got, want)
			}
		}
	})
}
