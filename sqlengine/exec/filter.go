package exec

import (
	"fmt"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// filter passes the rows, or groups, for which a condition is true. When none
// is left, or none came, nothing is pushed, not even an empty result.
type filter struct {
	stage
	cond plan.Expr
	test Eval
	keep []value.Row // used again for every batch, as are the next two
	out  value.Batch
}

func newFilter(c compiler, cond plan.Expr) *filter {
	f := &filter{cond: cond, test: c.compile(cond)}
	return f
}

func (f *filter) Push(b *value.Batch) error {
	f.begin(b)
	f.choose(b, f)
	return f.hand(b)
}

// choose keeps the rows of a batch that pass; op asks about them.
func (f *filter) choose(b *value.Batch, op evaluator) {
	f.keep = f.keep[:0]
	f.each(b.Rows, op)
}

// hand pushes what was kept of a batch.
func (f *filter) hand(b *value.Batch) error {
	switch len(f.keep) {
	case 0:
		return nil
	case len(b.Rows):
		return f.next.Push(b)
	}
	f.out = value.Batch{Schema: b.Schema, Rows: f.keep, Ack: b.Ack}
	return f.next.Push(&f.out)
}

func (f *filter) evaluate(rows []value.Row) {
	for ; f.at < len(rows); f.at++ {
		pass, err := holds(f.look(&rows[f.at]), f.test, f.cond)
		if err != nil {
			f.fail(err)
		} else if pass {
			f.keep = append(f.keep, rows[f.at])
		}
	}
}

// holds asks a condition about the row of a frame. NULL counts as false; what
// is no truth value is an error.
func holds(f *Frame, test Eval, cond plan.Expr) (bool, error) {
	v := test(f)
	if f.err != nil {
		return false, f.Take()
	}
	if v.True() {
		return true, nil
	}
	if k := v.Kind(); k != value.Bool && k != value.Null {
		return false, fmt.Errorf("%s is no condition: it gives a %s", plan.Format(cond), k)
	}
	return false, nil
}
