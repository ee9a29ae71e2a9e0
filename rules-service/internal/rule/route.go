package rule

import (
	"errors"
	"slices"

	"sluice/rules-service/internal/delivery"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// output is what takes the results of a rule: all its targets or, behind a
// switch, those of each row's cases.
func (d *Definition) output(targets []*delivery.Target) sqlengine.Operator {
	if !slices.ContainsFunc(d.routes, func(column string) bool { return column != "" }) {
		return fanOut(targets)
	}
	return &router{targets: targets, columns: d.routes}
}

// router gives each row to the targets whose column is true in it.
type router struct {
	targets []*delivery.Target
	columns []string

	in, out *value.Schema // of the last batch
	slots   []int         // by target
	rows    []value.Row
}

// Push gives each target its rows, without the columns that tell which.
func (r *router) Push(b *value.Batch) error {
	if r.in != b.Schema {
		r.learn(b.Schema)
	}
	var errs []error
	for i, t := range r.targets {
		r.rows = r.rows[:0]
		for _, row := range b.Rows {
			if slot := r.slots[i]; slot < 0 || row.Cols[slot].True() {
				r.rows = append(r.rows, value.Row{Time: row.Time, Cols: row.Cols[:len(r.out.Columns)]})
			}
		}
		if len(r.rows) > 0 {
			errs = append(errs, t.Push(&value.Batch{Schema: r.out, Rows: r.rows, Ack: b.Ack}))
		}
	}
	return errors.Join(errs...)
}

// learn finds the columns of the cases, which are the last ones.
func (r *router) learn(s *value.Schema) {
	r.in, r.slots = s, make([]int, len(r.columns))
	first := len(s.Columns)
	for i, name := range r.columns {
		slot, ok := s.Slot(name, value.Field)
		if !ok {
			slot = -1
		} else {
			first = min(first, slot)
		}
		r.slots[i] = slot
	}
	r.out = &value.Schema{Columns: s.Columns[:first]}
}

// Advance tells each target the time.
func (r *router) Advance(watermark int64) error { return fanOut(r.targets).Advance(watermark) }

// Close closes each target.
func (r *router) Close() error { return fanOut(r.targets).Close() }
