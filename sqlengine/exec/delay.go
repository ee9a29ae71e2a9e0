package exec

import (
	"fmt"
	"slices"
	"time"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// delay holds rows back, or whole results of a window, without changing their
// order.
type delay struct {
	stage
	layout layout
	wait   Eval
	text   string // of the wait, for errors
	held   queue[heldRows]
	until  int64 // when the rows being evaluated may go on
	keep   []value.Row
	out    value.Batch
}

// heldRows are a row, or the result of a window. They go on when their time has
// come and those before them have gone.
type heldRows struct {
	until  int64
	rows   []value.Row
	window *function.Window // in which they were made
}

func newDelay(c compiler, step *plan.Delay, in layout) *delay {
	d := &delay{layout: in, wait: c.compile(step.Milliseconds), text: plan.Format(step.Milliseconds)}
	return d
}

func (d *delay) Push(b *value.Batch) error {
	d.begin(b)
	if d.windowed {
		return d.hold(b.Rows)
	}
	for i := range b.Rows {
		if err := d.hold(b.Rows[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// hold keeps rows that go on together, the last of them telling when.
func (d *delay) hold(rows []value.Row) error {
	d.keep, d.until = d.keep[:0], 0
	d.each(rows, d)
	if len(d.keep) == 0 && len(rows) > 0 {
		return nil
	}
	if d.held.len() == 0 && (len(rows) == 0 || d.until <= d.keep[0].Time) {
		return d.push(d.keep)
	}
	kept := make([]value.Row, len(d.keep))
	for i, r := range d.keep {
		kept[i] = value.Row{Time: r.Time, Cols: slices.Clone(r.Cols)}
	}
	d.held.push(heldRows{d.until, kept, copyWindow(d.rt.window)})
	return nil
}

func (d *delay) evaluate(rows []value.Row) {
	for ; d.at < len(rows); d.at++ {
		if !d.timely(rows[d.at].Time) {
			continue
		}
		ns, err := d.nanos(d.look(&rows[d.at]))
		if err != nil {
			d.fail(err)
			continue
		}
		d.until = max(d.until, rows[d.at].Time+ns)
		d.keep = append(d.keep, rows[d.at])
	}
}

// nanos is how long the row of a frame waits: not at all for NULL.
func (d *delay) nanos(f *Frame) (int64, error) {
	v := d.wait(f)
	if err := f.Take(); err != nil {
		return 0, err
	}
	ms, ok := v.Number()
	switch {
	case v.IsNull() || ok && ms <= 0:
		return 0, nil
	case !ok:
		return 0, fmt.Errorf("delay: %s is no number of milliseconds: it gives a %s", d.text, v.Kind())
	case ms > float64(plan.LongestWindow/int64(time.Millisecond)):
		return 0, fmt.Errorf("delay: %g milliseconds are too many", ms)
	}
	return int64(ms * float64(time.Millisecond)), nil
}

func (d *delay) push(rows []value.Row) error {
	d.out = value.Batch{Rows: rows}
	return d.next.Push(&d.out)
}

// Next implements timed.
func (d *delay) Next() (int64, bool) {
	if d.held.len() == 0 {
		return 0, false
	}
	return d.held.at(0).until, true
}

// Advance implements Operator.
func (d *delay) Advance(t int64) error {
	for d.held.len() > 0 && d.held.at(0).until <= t {
		h := d.held.pop()
		d.rt.window = h.window
		err := d.push(h.rows)
		d.rt.window = nil
		if err != nil {
			return err
		}
	}
	return d.next.Advance(t)
}

// Snapshot implements Stateful.
func (d *delay) Snapshot(e *value.Encoder) {
	e.Uint(uint64(d.held.len()))
	for i := range d.held.len() {
		h := d.held.at(i)
		e.Int(h.until)
		d.layout.snapshot(e, h.rows)
		snapshotWindow(e, h.window)
	}
}

// Restore implements Stateful.
func (d *delay) Restore(dec *value.Decoder) {
	d.held = queue[heldRows]{}
	for range dec.Count() {
		h := heldRows{until: dec.Int(), rows: d.layout.restore(dec), window: restoreWindow(dec)}
		if dec.Err() != nil {
			return
		}
		d.held.push(h)
	}
}
