package exec

import (
	"fmt"
	"time"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// tumbling cuts time into windows of equal size and emits each when time has
// reached its end, also one without rows.
type tumbling struct {
	stage
	spec    *plan.Tumbling
	layout  layout
	grouper *grouper // nil: the rows themselves are emitted
	keyless bool
	start   int64 // of the window that ends next
	end     int64
	panes   []*pane // by end; the window that ends next, and later ones whose rows came early
	made    []value.Row
	out     value.Batch
	eval    func([]value.Row)
}

// latest is the last end that a snapshot may hold, in the year 2116: behind it
// the next ends could overflow.
const latest = 1 << 62

// pane is the content of one window.
type pane struct {
	end    int64
	rows   []value.Row
	groups *groups
}

func newTumbling(rt *runtime, c compiler, step *plan.Window, in layout) *tumbling {
	w := &tumbling{spec: step.Window.(*plan.Tumbling), layout: in, keyless: step.Keyless}
	if step.Groups != nil {
		w.grouper = newGrouper(c, step.Groups, in)
	}
	w.start = rt.context.RuleStart
	w.end = firstEnd(w.spec, time.Unix(0, w.start).In(rt.context.Location)).UnixNano()
	w.eval = w.rows
	return w
}

// after is the end of the window that follows the one which ends at end.
func (w *tumbling) after(end int64) int64 {
	if w.spec.Unit != "DD" {
		return end + w.spec.Nanos()
	}
	year, month, day := time.Unix(0, end).In(w.rt.context.Location).Date()
	return wallClock(year, month, day+int(w.spec.Size), 0, w.rt.context.Location).UnixNano()
}

// endOf is the end of the window of a row. A row that is older than the window
// which ends next came late and belongs to that one.
func (w *tumbling) endOf(t int64) int64 {
	if t < w.end {
		return w.end
	}
	if w.spec.Unit != "DD" {
		size := w.spec.Nanos()
		return w.end + ((t-w.end)/size+1)*size
	}
	end := w.end
	for end <= t {
		end = w.after(end)
	}
	return end
}

func (w *tumbling) paneOf(t int64) *pane {
	end := w.endOf(t)
	at := len(w.panes)
	for at > 0 && w.panes[at-1].end >= end {
		at--
	}
	if at < len(w.panes) && w.panes[at].end == end {
		return w.panes[at]
	}
	p := &pane{end: end, groups: &groups{}}
	w.panes = append(w.panes, nil)
	copy(w.panes[at+1:], w.panes[at:])
	w.panes[at] = p
	return p
}

func (w *tumbling) Push(b *value.Batch) error {
	w.begin(b)
	w.each(b.Rows, w.eval)
	return nil
}

func (w *tumbling) rows(rows []value.Row) {
	for ; w.at < len(rows); w.at++ {
		p := w.paneOf(rows[w.at].Time)
		if w.grouper == nil {
			p.rows = append(p.rows, rows[w.at])
			continue
		}
		if err := w.grouper.add(p.groups, w.look(&rows[w.at])); err != nil {
			w.fail(err)
		}
	}
}

// Next implements timed: also an empty window is emitted.
func (w *tumbling) Next() (int64, bool) { return w.end, true }

// Advance implements Operator.
func (w *tumbling) Advance(t int64) error {
	for w.end <= t {
		if err := w.emit(); err != nil {
			return err
		}
	}
	return w.next.Advance(t)
}

// emit pushes the window that ends next and opens the one after it.
func (w *tumbling) emit() error {
	start, end := w.start, w.end
	p := w.take(end)
	w.start, w.end = end, w.after(end)
	rows, any := w.result(p, end)
	if !any {
		return nil
	}
	w.rt.window = &function.Window{Start: start, End: end, Trigger: end}
	defer func() { w.rt.window = nil }()
	w.out = value.Batch{Rows: rows}
	return w.next.Push(&w.out)
}

// take removes the pane of that end; an empty one stands for a window without
// rows.
func (w *tumbling) take(end int64) *pane {
	if len(w.panes) == 0 || w.panes[0].end != end {
		return &pane{groups: &groups{}}
	}
	p := w.panes[0]
	w.panes = append(w.panes[:0], w.panes[1:]...)
	return p
}

// result makes the rows of a window, which may be none: an empty result. Of
// keyed groups nothing is said when there are none.
func (w *tumbling) result(p *pane, end int64) (rows []value.Row, any bool) {
	w.made = w.made[:0]
	switch {
	case w.grouper == nil:
		for _, r := range p.rows {
			w.made = append(w.made, value.Row{Time: end, Cols: r.Cols})
		}
		return w.made, true
	case len(p.groups.list) > 0:
		w.made = w.grouper.rows(w.made, p.groups, end, w.fail)
		return w.made, len(w.made) > 0
	case w.keyless:
		w.made = append(w.made, w.grouper.nothing(end))
		return w.made, true
	}
	return nil, false
}

// Snapshot implements Stateful.
func (w *tumbling) Snapshot(e *value.Encoder) {
	e.Int(w.start)
	e.Int(w.end)
	e.Uint(uint64(len(w.panes)))
	for _, p := range w.panes {
		e.Int(p.end)
		if w.grouper != nil {
			p.groups.snapshot(e)
			continue
		}
		w.layout.snapshot(e, p.rows)
	}
}

// Restore implements Stateful.
func (w *tumbling) Restore(d *value.Decoder) {
	w.start, w.end = d.Int(), d.Int()
	last := w.end - 1
	if d.Err() == nil && (w.end <= w.start || w.end > latest) {
		d.Fail(fmt.Errorf("a window from %d to %d", w.start, w.end))
	}
	w.panes = nil
	for range d.Count() {
		p := &pane{end: d.Int(), groups: &groups{}}
		if d.Err() == nil && p.end <= last {
			d.Fail(fmt.Errorf("a window to %d behind one to %d", p.end, last))
		}
		last = p.end
		if w.grouper != nil {
			p.groups = w.grouper.restore(d)
		} else {
			p.rows = w.layout.restore(d)
		}
		if d.Err() != nil {
			return
		}
		w.panes = append(w.panes, p)
	}
}
