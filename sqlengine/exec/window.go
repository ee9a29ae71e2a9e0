package exec

import (
	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// window is what all kinds of windows have.
type window struct {
	stage
	collector
	made   []value.Row // used again for every result, as are the next two
	out    value.Batch
	bounds function.Window
}

// emit pushes the result of a content, if it has one, and tells expressions
// behind the window its bounds.
func (w *window) emit(c *content, bounds function.Window) error {
	rows, any := w.result(w.made[:0], c, bounds.End, w.fail)
	w.made = rows
	if !any {
		return nil
	}
	return w.push(rows, bounds)
}

// push hands on the rows of a result.
func (w *window) push(rows []value.Row, bounds function.Window) error {
	w.bounds = bounds
	w.rt.window = &w.bounds
	defer func() { w.rt.window = nil }()
	w.out = value.Batch{Rows: rows}
	return w.next.Push(&w.out)
}

// newWindow makes the operator of a kind of window.
func newWindow(rt *runtime, c compiler, step *plan.Window, in layout) operator {
	content := newCollector(step, in)
	switch spec := step.Spec.(type) {
	case *plan.Tumbling:
		return newTumbling(rt, content, spec)
	case *plan.Hopping:
		return newHopping(rt, content, spec.Length, spec.Hop)
	case *plan.Session:
		return newSession(rt, content, spec)
	case *plan.State:
		return newState(c, content, spec)
	case *plan.Sliding:
		return newSliding(c, content, spec)
	case *plan.Count:
		return newCount(c, content, spec)
	}
	panic("exec: no window " + step.Spec.String())
}
