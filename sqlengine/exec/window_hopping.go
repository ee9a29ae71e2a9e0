package exec

import (
	"fmt"
	"time"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// hopping emits a window at every tick, also one without rows: that of the
// last size positions. Each row goes into one pane, and a window is made of
// the panes that it shares with those around it. A tumbling window is as long
// as its hop, and the first one begins with the rule.
type hopping struct {
	window
	hop, length plan.Length
	ticks       ticks
	size        int64 // in positions, as is end
	started     bool  // the ticks are known: in event time the first row tells them
	end         int64 // of the window that ends next
	due         int64 // the time of end
	tumbling    bool
	start       int64 // of the tumbling window that ends next
	panes       []*pane
	current     *pane // of the last row
}

// pane is what all the same windows share.
type pane struct {
	position    int64 // the first one of the pane
	from, to    int64 // times of the rows, to is excluded
	first, last int64 // ends of the windows that have it
	content     content
}

func newHopping(rt *runtime, c collector, length, hop plan.Length) *hopping {
	w := &hopping{window: window{collector: c}, length: length, hop: hop}
	if !rt.eventTime {
		w.open(rt, rt.frame.RuleStart)
	}
	return w
}

// open aligns the first window, which ends behind a time.
func (w *hopping) open(rt *runtime, start int64) {
	w.started, w.start = true, start
	w.ticks = ticksFrom(w.hop, start, rt.frame.Location)
	w.size = w.ticks.positions(w.length)
	w.endAt(w.ticks.base)
}

func (w *hopping) endAt(end int64) { w.end, w.due = end, w.ticks.time(end) }

// paneAt is the pane of a position, or nil in a gap between two windows.
func (w *hopping) paneAt(position int64) *pane {
	step := w.ticks.step
	first := w.ticks.after(position)
	if first-w.size > position {
		return nil
	}
	last := first + (position-(first-w.size))/step*step
	from, to := max(first-step, last-w.size), min(first, last-w.size+step)
	return &pane{position: from, from: w.ticks.time(from), to: w.ticks.time(to), first: first, last: last}
}

// paneOf is the pane of a row. A row that is older than the window which ended
// last came late and counts as one of now.
func (w *hopping) paneOf(t int64) *pane {
	if p := w.current; p != nil && p.from <= t && t < p.to {
		return p
	}
	position := max(w.ticks.position(t), w.end-w.ticks.step)
	p := w.paneAt(position)
	if p == nil {
		return nil
	}
	at := len(w.panes)
	for at > 0 && w.panes[at-1].position > p.position {
		at--
	}
	if at > 0 && w.panes[at-1].position == p.position {
		w.current = w.panes[at-1]
		return w.current
	}
	w.panes = append(w.panes, nil)
	copy(w.panes[at+1:], w.panes[at:])
	w.panes[at], w.current = p, p
	return p
}

func (w *hopping) Push(b *value.Batch) error {
	w.begin(b)
	w.each(b.Rows, w)
	return nil
}

func (w *hopping) evaluate(rows []value.Row) {
	for ; w.at < len(rows); w.at++ {
		if !w.started {
			w.open(w.rt, rows[w.at].Time)
		}
		if !w.timely(rows[w.at].Time) {
			continue
		}
		p := w.paneOf(rows[w.at].Time)
		if p == nil {
			continue
		}
		if err := w.add(&p.content, w.look(&rows[w.at])); err != nil {
			w.fail(err)
		}
	}
}

// Next implements timed: also an empty window is emitted.
func (w *hopping) Next() (int64, bool) { return w.due, w.started }

// Advance implements Operator.
func (w *hopping) Advance(t int64) error {
	for w.started && w.due <= t {
		w.skip(t)
		if w.due > t {
			break
		}
		if err := w.close(); err != nil {
			return err
		}
	}
	return w.next.Advance(t)
}

// mostEmpty bounds how many windows without rows are emitted in a row.
const mostEmpty = 100_000

// skip leaves out the windows without rows that end by a time, where they have
// no result, or where there are too many of them: the clock has jumped by
// years, or the rule was stopped for long.
func (w *hopping) skip(t int64) {
	n := (w.ticks.after(w.ticks.position(t)) - w.end) / w.ticks.step
	if len(w.panes) > 0 {
		n = min(n, (w.panes[0].first-w.end)/w.ticks.step)
	}
	if n <= 0 || w.hasEmpty() && n <= mostEmpty {
		return
	}
	from := w.ticks.time(w.end - w.ticks.step)
	w.endAt(w.end + n*w.ticks.step)
	w.start = w.ticks.time(w.end - w.ticks.step)
	if w.hasEmpty() {
		w.fail(fmt.Errorf("%d windows without rows are left out, from %s to %s", n, w.date(from), w.date(w.start)))
	}
}

func (w *hopping) date(t int64) string {
	return time.Unix(0, t).In(w.ticks.zone).Format(time.RFC3339)
}

// close emits the window that ends next and opens the one after it.
func (w *hopping) close() error {
	bounds := function.Window{Start: w.start, End: w.due, Trigger: w.due}
	if !w.tumbling {
		bounds.Start = w.ticks.time(w.end - w.size)
	}
	c := w.merged()
	w.release()
	w.start = w.due
	w.endAt(w.end + w.ticks.step)
	return w.emit(c, bounds)
}

// merged is the content of the window that ends next.
func (w *hopping) merged() *content {
	n := 0
	for n < len(w.panes) && w.panes[n].first <= w.end {
		n++
	}
	if n == 1 && w.panes[0].last == w.end {
		return &w.panes[0].content
	}
	sum := &content{}
	for _, p := range w.panes[:n] {
		w.merge(sum, &p.content)
	}
	return sum
}

// release forgets the panes that no later window has.
func (w *hopping) release() {
	n := 0
	for n < len(w.panes) && w.panes[n].last <= w.end {
		n++
	}
	rest := copy(w.panes, w.panes[n:])
	clear(w.panes[rest:])
	w.panes, w.current = w.panes[:rest], nil
}

// Snapshot implements Stateful.
func (w *hopping) Snapshot(e *value.Encoder) {
	e.Bool(w.started)
	if !w.started {
		return
	}
	e.Int(w.ticks.base)
	e.Int(w.end)
	e.Int(w.start)
	e.Uint(uint64(len(w.panes)))
	for _, p := range w.panes {
		e.Int(p.position)
		w.snapshot(e, &p.content)
	}
}

// Restore implements Stateful.
func (w *hopping) Restore(d *value.Decoder) {
	if w.started = d.Bool(); !w.started {
		return
	}
	w.open(w.rt, 0)
	base, end := d.Int(), d.Int()
	if !w.ticks.reaches(base) || !w.ticks.reaches(end) || (end-base)%w.ticks.step != 0 {
		d.Fail(fmt.Errorf("windows that end at %d and %d", base, end))
		return
	}
	w.ticks.base = base
	w.endAt(end)
	w.start = d.Int()
	w.panes = nil
	for range d.Count() {
		p := w.restorePane(d)
		if d.Err() != nil {
			return
		}
		w.panes = append(w.panes, p)
	}
}

func (w *hopping) restorePane(d *value.Decoder) *pane {
	position := d.Int()
	var p *pane
	if w.ticks.reaches(position) {
		p = w.paneAt(position)
	}
	n := len(w.panes)
	if p == nil || p.position != position || p.last < w.end || n > 0 && w.panes[n-1].position >= position {
		d.Fail(fmt.Errorf("a pane at %d of windows that end from %d on", position, w.end))
		return nil
	}
	p.content = w.restore(d)
	return p
}
