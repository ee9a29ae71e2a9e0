package exec

import (
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// content is what a window, or a pane that windows share, holds of its rows:
// the rows themselves, or the groups that they were folded into.
type content struct {
	seen   int // rows that came, also those that WHERE keeps out
	rows   []value.Row
	groups groups
}

// collector puts rows into contents and makes results of them.
type collector struct {
	layout  layout
	where   Eval      // nil: all rows are content
	cond    plan.Expr // of where
	widener widener   // computes what WHERE and the groups read
	grouper *grouper  // nil: rows are collected
	keyless bool      // an empty window has a result, too
}

func newCollector(step *plan.Window, in layout) collector {
	r := collector{layout: in, keyless: step.Keyless}
	r.widener, in = newWidener(step, in)
	c := compiler{in}
	if step.Groups != nil {
		r.grouper = newGrouper(c, step.Groups, in)
	}
	if step.Where != nil {
		r.where, r.cond = c.compile(step.Where), step.Where
	}
	return r
}

// add puts in the row of the frame. A row that cannot be evaluated leaves the
// content as it was, but for its being seen.
func (r *collector) add(c *content, f *Frame) error {
	c.seen++
	if in, err := r.admits(f); !in {
		return err
	}
	if r.grouper == nil {
		c.rows = append(c.rows, *f.Row)
		return nil
	}
	return r.grouper.add(&c.groups, f)
}

// merge puts what came later behind a content, and leaves it as it is.
func (r *collector) merge(c, later *content) {
	c.seen += later.seen
	if r.grouper == nil {
		c.rows = append(c.rows, later.rows...)
		return
	}
	r.grouper.merge(&c.groups, &later.groups)
}

// hasEmpty tells whether a window without rows has a result. WHERE behind the
// window lets none pass.
func (r *collector) hasEmpty() bool { return r.where == nil && (r.grouper == nil || r.keyless) }

// admits tells whether WHERE lets a row in. The row of the frame is then the
// one that the groups read.
func (r *collector) admits(f *Frame) (bool, error) {
	if err := r.widener.early(f); err != nil {
		return false, err
	}
	if r.where != nil {
		if in, err := holds(f, r.where, r.cond); !in {
			return false, err
		}
	}
	err := r.widener.late(f)
	return err == nil, err
}

// result appends the rows of a content that ends at a time. Without a result
// nothing is to be pushed; an empty result is one.
func (r *collector) result(dst []value.Row, c *content, end int64, fail func(error)) (rows []value.Row, any bool) {
	switch {
	case r.grouper == nil:
		for _, row := range c.rows {
			dst = append(dst, value.Row{Time: end, Cols: row.Cols})
		}
		return dst, true
	case len(c.groups.list) > 0:
		n := len(dst)
		dst = r.grouper.rows(dst, &c.groups, end, fail)
		return dst, len(dst) > n
	case r.keyless && c.seen == 0 && r.where == nil:
		return append(dst, r.grouper.nothing(end)), true
	}
	return dst, false
}

func (r *collector) snapshot(e *value.Encoder, c *content) {
	e.Int(int64(c.seen))
	if r.grouper != nil {
		c.groups.snapshot(e)
		return
	}
	r.layout.snapshot(e, c.rows)
}

func (r *collector) restore(d *value.Decoder) content {
	c := content{seen: int(d.Int())}
	if r.grouper != nil {
		c.groups = *r.grouper.restore(d)
		return c
	}
	c.rows = r.layout.restore(d)
	return c
}
