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
	window
	length  plan.Length
	started bool  // start and end are known: in event time the first row tells them
	start   int64 // of the window that ends next
	end     int64
	panes   []*pane // by end; the window that ends next, and later ones whose rows came early
	eval    func([]value.Row)
}

// latest is the last end that a snapshot may hold, in the year 2116: behind it
// the next ends could overflow.
const latest = 1 << 62

// pane is the content of one window.
type pane struct {
	end     int64
	content content
}

func newTumbling(rt *runtime, c collector, spec *plan.Tumbling) *tumbling {
	w := &tumbling{window: window{collector: c}, length: spec.Length}
	if !rt.eventTime {
		w.open(rt, rt.context.RuleStart)
	}
	w.eval = w.rows
	return w
}

// open aligns the first window, which begins at a time.
func (w *tumbling) open(rt *runtime, start int64) {
	w.started, w.start = true, start
	w.end = firstEnd(w.length, time.Unix(0, start).In(rt.context.Location)).UnixNano()
}

// after is the end of the window that follows the one which ends at end.
func (w *tumbling) after(end int64) int64 {
	if w.length.Unit != "DD" {
		return end + w.length.Nanos()
	}
	year, month, day := time.Unix(0, end).In(w.rt.context.Location).Date()
	return wallClock(year, month, day+int(w.length.Size), 0, w.rt.context.Location).UnixNano()
}

// endOf is the end of the window of a row. A row that is older than the window
// which ends next came late and belongs to that one.
func (w *tumbling) endOf(t int64) int64 {
	if t < w.end {
		return w.end
	}
	if w.length.Unit != "DD" {
		size := w.length.Nanos()
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
	p := &pane{end: end}
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
		if !w.started {
			w.open(w.rt, rows[w.at].Time)
		}
		p := w.paneOf(rows[w.at].Time)
		if err := w.add(&p.content, w.look(&rows[w.at])); err != nil {
			w.fail(err)
		}
	}
}

// Next implements timed: also an empty window is emitted.
func (w *tumbling) Next() (int64, bool) { return w.end, w.started }

// Advance implements Operator.
func (w *tumbling) Advance(t int64) error {
	for w.started && w.end <= t {
		if err := w.close(); err != nil {
			return err
		}
	}
	return w.next.Advance(t)
}

// close emits the window that ends next and opens the one after it.
func (w *tumbling) close() error {
	bounds := function.Window{Start: w.start, End: w.end, Trigger: w.end}
	p := w.take(w.end)
	w.start, w.end = w.end, w.after(w.end)
	return w.emit(&p.content, bounds)
}

// take removes the pane of that end; an empty one stands for a window without
// rows.
func (w *tumbling) take(end int64) *pane {
	if len(w.panes) == 0 || w.panes[0].end != end {
		return &pane{}
	}
	p := w.panes[0]
	w.panes = append(w.panes[:0], w.panes[1:]...)
	return p
}

// Snapshot implements Stateful.
func (w *tumbling) Snapshot(e *value.Encoder) {
	e.Bool(w.started)
	e.Int(w.start)
	e.Int(w.end)
	e.Uint(uint64(len(w.panes)))
	for _, p := range w.panes {
		e.Int(p.end)
		w.snapshot(e, &p.content)
	}
}

// Restore implements Stateful.
func (w *tumbling) Restore(d *value.Decoder) {
	w.started, w.start, w.end = d.Bool(), d.Int(), d.Int()
	last := w.end - 1
	if d.Err() == nil && w.started && (w.end <= w.start || w.end > latest) {
		d.Fail(fmt.Errorf("a window from %d to %d", w.start, w.end))
	}
	w.panes = nil
	for range d.Count() {
		p := &pane{end: d.Int()}
		if d.Err() == nil && p.end <= last {
			d.Fail(fmt.Errorf("a window to %d behind one to %d", p.end, last))
		}
		last = p.end
		p.content = w.restore(d)
		if d.Err() != nil {
			return
		}
		w.panes = append(w.panes, p)
	}
}
