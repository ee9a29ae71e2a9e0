package exec

import (
	"fmt"
	"slices"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	op "sluice/sqlengine/plan/operator"
	"sluice/sqlengine/value"
)

// order sorts the rows of a window: stable, NULL last in both directions.
type order struct {
	stage
	keys []Eval
	desc []bool
	rows []sortRow // used again for every batch, as are the next three
	made []value.Row
	out  value.Batch
}

type sortRow struct {
	row  value.Row
	keys []value.Value
}

func newOrder(c compiler, step *plan.Order) *order {
	o := &order{}
	for _, k := range step.Keys {
		o.keys = append(o.keys, c.compile(k.X))
		o.desc = append(o.desc, k.Desc)
	}
	return o
}

func (o *order) Push(b *value.Batch) error {
	o.begin(b)
	o.rows = o.rows[:0]
	o.each(b.Rows, o)
	if err := o.sort(); err != nil {
		o.fail(err)
		return nil
	}
	o.made = o.made[:0]
	for _, r := range o.rows {
		o.made = append(o.made, r.row)
	}
	clear(o.rows)
	if len(o.made) == 0 && len(b.Rows) > 0 {
		return nil
	}
	o.out = value.Batch{Schema: b.Schema, Rows: o.made, Ack: b.Ack}
	return o.next.Push(&o.out)
}

func (o *order) evaluate(rows []value.Row) {
	for ; o.at < len(rows); o.at++ {
		f := o.look(&rows[o.at])
		r := sortRow{rows[o.at], make([]value.Value, len(o.keys))}
		for i, key := range o.keys {
			r.keys[i] = key(f)
		}
		if f.err != nil {
			o.fail(f.Take())
			continue
		}
		o.rows = append(o.rows, r)
	}
}

// sort fails where two values of a key have no order.
func (o *order) sort() (err error) {
	slices.SortStableFunc(o.rows, func(a, b sortRow) int {
		n, e := o.compare(&o.frame.Context, a.keys, b.keys)
		if e != nil && err == nil {
			err = fmt.Errorf("ORDER BY: %w", e)
		}
		return n
	})
	return err
}

// compare orders two rows by their keys.
func (o *order) compare(c *function.Context, a, b []value.Value) (n int, err error) {
	for i, desc := range o.desc {
		n, e := compareKeys(c, a[i], b[i], desc)
		if err == nil {
			err = e
		}
		if n != 0 {
			return n, err
		}
	}
	return 0, err
}

func compareKeys(c *function.Context, a, b value.Value, desc bool) (int, error) {
	switch {
	case a.IsNull() && b.IsNull():
		return 0, nil
	case a.IsNull():
		return 1, nil
	case b.IsNull():
		return -1, nil
	}
	n, err := op.Compare(c, a, b)
	if desc {
		n = -n
	}
	return n, err
}
