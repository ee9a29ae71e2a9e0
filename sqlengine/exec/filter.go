package exec

import (
	"fmt"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// filter passes the rows, or groups, for which a condition is true. When none
// is left nothing is pushed, not even an empty result.
type filter struct {
	stage
	cond plan.Expr
	test Eval
	keep []value.Row // used again for every batch, as are the next two
	out  value.Batch
	eval func([]value.Row)
}

func newFilter(c compiler, cond plan.Expr) *filter {
	f := &filter{cond: cond, test: c.compile(cond)}
	f.eval = f.rows
	return f
}

func (f *filter) Push(b *value.Batch) error {
	f.begin(b)
	f.keep = f.keep[:0]
	f.each(b.Rows, f.eval)
	switch len(f.keep) {
	case 0:
		return nil
	case len(b.Rows):
		return f.next.Push(b)
	}
	f.out = value.Batch{Schema: b.Schema, Rows: f.keep, Ack: b.Ack}
	return f.next.Push(&f.out)
}

func (f *filter) rows(rows []value.Row) {
	for ; f.at < len(rows); f.at++ {
		v := f.test(f.look(&rows[f.at]))
		if f.frame.err != nil {
			f.fail(f.frame.Take())
			continue
		}
		if v.True() {
			f.keep = append(f.keep, rows[f.at])
		} else if k := v.Kind(); k != value.Bool && k != value.Null {
			f.fail(fmt.Errorf("%s is no condition: it gives a %s", plan.Format(f.cond), k))
		}
	}
}
