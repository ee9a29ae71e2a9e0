package exec

import (
	"slices"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// widener puts computed columns behind those of a row that a window is to fold
// in: first what its WHERE reads, then what the groups read of rows that pass.
type widener struct {
	width  int // of the rows that come
	first  []Eval
	second []Eval
	row    value.Row // used again for every row
}

// newWidener also gives the layout of the wide rows.
func newWidener(step *plan.Window, in layout) (widener, layout) {
	if len(step.Early)+len(step.Late) == 0 {
		return widener{}, in
	}
	w, wide := widener{}, slices.Clone(in)
	for _, slot := range in {
		w.width = max(w.width, slot+1)
	}
	c := compiler{wide}
	compile := func(items []plan.Computation, at int) (list []Eval) {
		for i, it := range items {
			wide[it.ID] = at + i
			list = append(list, c.compile(it.X))
		}
		return list
	}
	w.first = compile(step.Early, w.width)
	w.second = compile(step.Late, w.width+len(w.first))
	return w, wide
}

// early makes the row of the frame a wide one.
func (w *widener) early(f *Frame) error {
	if len(w.first)+len(w.second) == 0 {
		return nil
	}
	w.row = value.Row{Time: f.Row.Time, Cols: append(w.row.Cols[:0], f.Row.Cols[:w.width]...)}
	f.Row = &w.row
	return w.compute(f, w.first)
}

// late completes it.
func (w *widener) late(f *Frame) error { return w.compute(f, w.second) }

// compute appends columns; each may read those in front of it.
func (w *widener) compute(f *Frame, items []Eval) error {
	for _, item := range items {
		w.row.Cols = append(w.row.Cols, item(f))
	}
	return f.Take()
}
