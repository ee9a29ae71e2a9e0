package exec

import (
	"fmt"
	"testing"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

type schemaless struct{}

func (schemaless) Stream(name string) (*plan.Stream, bool) {
	return &plan.Stream{Name: name, Schemaless: true}, true
}
func (schemaless) Names() []string { return nil }

// rowCounter stands behind the filter.
type rowCounter struct{ rows int }

func (c *rowCounter) Push(b *value.Batch) error { c.rows += len(b.Rows); return nil }
func (c *rowCounter) Advance(int64) error       { return nil }
func (c *rowCounter) Close() error              { return nil }

// BenchmarkFilter is the filter alone: two comparisons and one arithmetic, of
// which half the rows pass.
func BenchmarkFilter(b *testing.B) {
	p, err := plan.Build("SELECT temperature FROM demo WHERE temperature * 1.8 > 68.5 AND humidity < 80", schemaless{}, plan.Settings{})
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			run, err := Open(p, Env{OnRowError: func(e *RowError) { b.Error(e) }}, nil)
			if err != nil {
				b.Fatal(err)
			}
			count := &rowCounter{}
			run.ops[0].base().next = count
			batch := &value.Batch{Rows: make([]value.Row, size)}
			for i := range batch.Rows {
				batch.Rows[i].Cols = []value.Value{value.OfFloat(float64(39 - i%2*2)), value.OfFloat(50)}
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := run.Push("demo", batch); err != nil {
					b.Fatal(err)
				}
				n++
			}
			if want := n * ((size + 1) / 2); count.rows != want {
				b.Fatalf("%d rows pass, want %d", count.rows, want)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*size), "ns/row")
		})
	}
}
