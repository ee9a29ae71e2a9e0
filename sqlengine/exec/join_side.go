package exec

import (
	"strings"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// side is what a join sees of one source: the rows of a stream in the batch,
// or those that are kept of a scan table.
type side struct {
	rows  []value.Row
	index *joinIndex // nil: rows are not looked for by equality
	stale bool       // the rows are not those of the index
}

// prepare brings the index up to date.
func (s *side) prepare() {
	if s.index != nil && s.stale {
		s.index.build(s.rows)
		s.stale = false
	}
}

// scanTable keeps the last rows of a scan table.
type scanTable struct {
	side
	source *plan.Source
	layout layout
	schema *value.Schema
	retain int // 0: all rows are kept
}

// ScanTable is what a query keeps of a scan table.
type ScanTable struct {
	Name   string // by which the query names it
	Schema *value.Schema
	Rows   []value.Row
}

// retained is how many rows a query keeps of a scan table; 0: all.
func retained(s *plan.Stream) int {
	switch {
	case s.Options.RetainSize > 0:
		return s.Options.RetainSize
	case strings.EqualFold(s.Options.Type, "file"):
		return 0
	}
	return 1
}

// Push keeps rows; the next row of a stream is joined with them.
func (t *scanTable) Push(b *value.Batch) error {
	t.keep(b.Rows)
	return nil
}

func (t *scanTable) keep(rows []value.Row) {
	t.rows = append(t.rows, rows...)
	if gone := len(t.rows) - t.retain; t.retain > 0 && gone > 0 {
		clear(t.rows[:gone]) // for the garbage collector: the array lives on until it is full
		t.rows = t.rows[gone:]
	}
	t.stale = true
}

// ScanTables are the rows that the query keeps of scan tables. It is for the
// goroutine that drives the query.
func (r *Run) ScanTables() []ScanTable {
	var list []ScanTable
	for _, op := range r.ops {
		j, ok := op.(*join)
		if !ok {
			continue
		}
		for _, t := range j.tables {
			list = append(list, ScanTable{Name: t.source.Name, Schema: t.schema, Rows: append([]value.Row(nil), t.rows...)})
		}
	}
	return list
}
