package exec

import (
	"fmt"
	"time"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// session begins with a row and ends when no row has come for a gap, or at the
// first tick that lies more than its greatest length behind the start.
type session struct {
	window
	length      plan.Length // the greatest one
	gap         int64
	ticks       ticks
	aligned     bool // the ticks are known: in event time the first row tells them
	open        bool
	start, last int64 // times of the first and the last row
	limit       int64 // the tick
	content     content
}

func newSession(rt *runtime, c collector, spec *plan.Session) *session {
	w := &session{window: window{collector: c}, length: spec.Length, gap: spec.Gap.Nanos()}
	if !rt.eventTime {
		w.align(rt, rt.frame.RuleStart)
	}
	return w
}

func (w *session) align(rt *runtime, start int64) {
	w.aligned, w.ticks = true, ticksFrom(w.length, start, rt.frame.Location)
}

func (w *session) Push(b *value.Batch) error {
	w.begin(b)
	for w.at = 0; w.at < len(b.Rows); {
		if !w.timely(b.Rows[w.at].Time) {
			w.at++
			continue
		}
		if err := w.closeBefore(b.Rows[w.at].Time); err != nil {
			return err
		}
		w.guarded(b.Rows, w)
	}
	return nil
}

// evaluate takes the rows up to one that belongs to the next session.
func (w *session) evaluate(rows []value.Row) {
	for ; w.at < len(rows); w.at++ {
		r := &rows[w.at]
		if w.open && w.due() <= r.Time || !inRange(r.Time) {
			return
		}
		w.take(r)
		if err := w.add(&w.content, w.look(r)); err != nil {
			w.fail(err)
		}
	}
}

// take lets a row open or prolong the session.
func (w *session) take(r *value.Row) {
	if w.open {
		w.last = max(w.last, r.Time)
		return
	}
	if !w.aligned {
		w.align(w.rt, r.Time)
	}
	w.open, w.start, w.last = true, r.Time, r.Time
	w.limit = w.ticks.time(w.ticks.after(w.ticks.position(r.Time) + w.ticks.step))
}

// silent is when the gap has passed.
func (w *session) silent() int64 { return w.last + w.gap }

// due is when the session ends. In event time a row that comes just when the
// gap has passed is still a part of it; in processing time the clock is first.
func (w *session) due() int64 {
	silent := w.silent()
	if w.rt.eventTime {
		silent++
	}
	return min(silent, w.limit)
}

// Next implements timed.
func (w *session) Next() (int64, bool) {
	if !w.open {
		return 0, false
	}
	return w.due(), true
}

// Advance implements Operator.
func (w *session) Advance(t int64) error {
	if err := w.closeBefore(t); err != nil {
		return err
	}
	return w.next.Advance(t)
}

// closeBefore ends the session if it is due.
func (w *session) closeBefore(t int64) error {
	if !w.open || w.due() > t {
		return nil
	}
	end := min(w.silent(), w.limit)
	c := w.content
	w.open, w.content = false, content{}
	return w.emit(&c, function.Window{Start: w.start, End: end, Trigger: end})
}

// Snapshot implements Stateful.
func (w *session) Snapshot(e *value.Encoder) {
	e.Bool(w.aligned)
	if w.aligned {
		e.Int(w.ticks.base)
	}
	e.Bool(w.open)
	if w.open {
		e.Int(w.start)
		e.Int(w.last)
		w.snapshot(e, &w.content)
	}
}

// Restore implements Stateful.
func (w *session) Restore(d *value.Decoder) {
	if w.aligned = d.Bool(); w.aligned {
		w.align(w.rt, 0)
		if w.ticks.base = d.Int(); !w.ticks.reaches(w.ticks.base) {
			d.Fail(fmt.Errorf("sessions that end at %d", w.ticks.base))
		}
	}
	if w.open = d.Bool(); !w.open {
		return
	}
	w.start, w.last = d.Int(), d.Int()
	if !w.aligned || w.start < earliestTime || w.last < w.start || w.last > latestTime {
		d.Fail(fmt.Errorf("a session from %s to %s", time.Unix(0, w.start), time.Unix(0, w.last)))
		return
	}
	w.limit = w.ticks.time(w.ticks.after(w.ticks.position(w.start) + w.ticks.step))
	w.content = w.restore(d)
}
