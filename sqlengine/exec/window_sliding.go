package exec

import (
	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// sliding looks back from rows: at once, or after a delay that lets later rows
// in. All rows are content; those of a condition, or all, have a result.
type sliding struct {
	window
	slider  slider
	length  int64
	delay   int64
	open    int64 // 1: the left end is excluded and the right end of a delay included
	when    Eval  // nil: all rows have a result
	cond    plan.Expr
	now     *fifo        // for results that come with their row; nil: they do not
	later   *fifo        // for results that wait; nil: none do
	waiting queue[int64] // the times of their rows
	fires   bool         // the row has a result
	counts  bool         // such rows count as hits
}

func newSliding(c compiler, content collector, spec *plan.Sliding) *sliding {
	w := &sliding{window: window{collector: content}, length: spec.Length.Nanos(), cond: spec.When, counts: spec.Hits}
	w.slider = newSlider(&w.collector)
	if spec.Version2 {
		w.open = 1
	}
	if spec.When != nil {
		w.when = c.compile(spec.When)
	}
	if spec.Delay != nil {
		w.delay, w.later = spec.Delay.Nanos(), &fifo{}
	}
	if spec.Delay == nil || spec.Twice {
		w.now = &fifo{}
	}
	return w
}

// start is the oldest time of rows that a result of time t holds.
func (w *sliding) start(t int64) int64 { return t - w.length + w.open }

// end is when the delayed result of a row of time t is complete.
func (w *sliding) end(t int64) int64 { return t + w.delay + w.open }

// Push implements Operator. Results are emitted between the rows.
func (w *sliding) Push(b *value.Batch) error {
	w.begin(b)
	for i := range b.Rows {
		t := b.Rows[i].Time
		if !w.timely(t) {
			continue
		}
		if err := w.release(t); err != nil {
			return err
		}
		w.fires = false
		w.each(b.Rows[i:i+1], w)
		if !w.fires {
			continue
		}
		if err := w.fire(t); err != nil {
			return err
		}
		if w.counts {
			w.rt.hits.Rows.Add(t)
		}
	}
	return nil
}

// evaluate takes a row in. One whose condition cannot be evaluated is no content.
func (w *sliding) evaluate(rows []value.Row) {
	row := &rows[w.at]
	f := w.look(row)
	w.at++
	fires, err := w.asks(f)
	if err != nil {
		w.fail(err)
		return
	}
	w.fires = fires
	w.forget(row.Time)
	if err := w.keep(f, row.Time); err != nil {
		w.fail(err)
	}
}

// asks tells whether a row has a result.
func (w *sliding) asks(f *Frame) (bool, error) {
	if w.when == nil {
		return true, nil
	}
	return holds(f, w.when, w.cond)
}

// forget drops the rows that no result from time t on holds.
func (w *sliding) forget(t int64) {
	if w.now != nil {
		w.slider.leave(w.now, w.start(t))
	}
	if w.later == nil {
		return
	}
	if w.waiting.len() > 0 {
		t = min(t, *w.waiting.at(0))
	}
	w.slider.leave(w.later, w.start(t))
}

func (w *sliding) keep(f *Frame, t int64) error {
	for _, q := range []*fifo{w.now, w.later} {
		if q == nil {
			continue
		}
		if err := w.slider.add(q, f, t); err != nil {
			return err
		}
	}
	return nil
}

// fire emits the result of a row, or lets it wait.
func (w *sliding) fire(t int64) error {
	if w.later != nil {
		w.waiting.push(t)
	}
	if w.now == nil {
		return nil
	}
	return w.slide(&w.slider, w.now, function.Window{Start: t - w.length, End: t, Trigger: t})
}

// release emits the results that are complete when it is t.
func (w *sliding) release(t int64) error {
	for w.waiting.len() > 0 && w.end(*w.waiting.at(0)) <= t {
		trigger := w.waiting.pop()
		w.slider.leave(w.later, w.start(trigger))
		bounds := function.Window{Start: trigger - w.length, End: trigger + w.delay, Trigger: trigger}
		if err := w.slide(&w.slider, w.later, bounds); err != nil {
			return err
		}
	}
	return nil
}

// Next implements timed: delayed results wait for time.
func (w *sliding) Next() (int64, bool) {
	if w.waiting.len() == 0 {
		return 0, false
	}
	return w.end(*w.waiting.at(0)), true
}

// Advance implements Operator.
func (w *sliding) Advance(t int64) error {
	if err := w.release(t); err != nil {
		return err
	}
	return w.next.Advance(t)
}

// Snapshot implements Stateful.
func (w *sliding) Snapshot(e *value.Encoder) {
	if w.now != nil {
		w.slider.snapshot(e, w.now)
	}
	if w.later == nil {
		return
	}
	w.slider.snapshot(e, w.later)
	e.Uint(uint64(w.waiting.len()))
	for i := range w.waiting.len() {
		e.Int(*w.waiting.at(i))
	}
}

// Restore implements Stateful.
func (w *sliding) Restore(d *value.Decoder) {
	if w.now != nil {
		*w.now = w.slider.restore(d)
	}
	if w.later == nil {
		return
	}
	*w.later = w.slider.restore(d)
	w.waiting = queue[int64]{}
	for range d.Count() {
		w.waiting.push(d.Int())
	}
}
