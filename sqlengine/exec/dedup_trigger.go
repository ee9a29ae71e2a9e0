package exec

import (
	"fmt"
	"slices"
	"time"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// dedupTrigger tells of each row which part of its time slot was not asked for
// before. A row whose slot has not ended waits; those that wait go on in the
// order of the ends.
type dedupTrigger struct {
	stage
	layout          layout
	start, end, now Eval
	expire          int64
	from            []int // slots of the input, copied to the front of the output
	taken           slots
	waiting         []request // by their ends
	made            []value.Row
	out             value.Batch
}

// request is a row with its time slot, in milliseconds.
type request struct {
	slot
	now    int64
	until  int64 // when it goes on at the latest, in nanoseconds
	row    value.Row
	window *function.Window
}

func newDedupTrigger(c compiler, step *plan.DedupTrigger, in layout) *dedupTrigger {
	d := &dedupTrigger{layout: in, start: c.compile(step.Start), end: c.compile(step.End), now: c.compile(step.Now), expire: step.Expire}
	for _, id := range step.Keep {
		d.from = append(d.from, in[id])
	}
	return d
}

func (d *dedupTrigger) Push(b *value.Batch) error {
	d.begin(b)
	d.made = d.made[:0]
	d.each(b.Rows, d)
	if len(d.made) == 0 && len(b.Rows) > 0 {
		return nil
	}
	return d.push()
}

func (d *dedupTrigger) push() error {
	d.out = value.Batch{Rows: d.made}
	return d.next.Push(&d.out)
}

// evaluate lets each row wait, and makes results of all that wait no longer: the
// row's own time tells.
func (d *dedupTrigger) evaluate(rows []value.Row) {
	for ; d.at < len(rows); d.at++ {
		r, err := d.request(&rows[d.at])
		if err != nil {
			d.fail(err)
			continue
		}
		at := len(d.waiting)
		for at > 0 && d.waiting[at-1].end > r.end {
			at--
		}
		d.waiting = slices.Insert(d.waiting, at, r)
		for len(d.waiting) > 0 && d.waiting[0].end <= r.now {
			d.made = append(d.made, d.serve(0))
		}
	}
}

func (d *dedupTrigger) request(row *value.Row) (request, error) {
	f := d.look(row)
	var times [3]int64
	for i, x := range []Eval{d.start, d.end, d.now} {
		v := x(f)
		if err := f.Take(); err != nil {
			return request{}, err
		}
		ms, err := milliseconds(v)
		if err != nil {
			return request{}, fmt.Errorf("argument %d of dedup_trigger %w", i+1, err)
		}
		times[i] = ms
	}
	r := request{slot: slot{times[0], times[1]}, now: times[2], until: row.Time}
	if r.start >= r.end {
		return r, fmt.Errorf("dedup_trigger: a slot from %d to %d has no length", r.start, r.end)
	}
	if r.end > r.now {
		r.until += (r.end - r.now) * int64(time.Millisecond)
	}
	r.row = value.Row{Time: row.Time, Cols: slices.Clone(row.Cols)}
	r.window = copyWindow(d.rt.window)
	return r, nil
}

// milliseconds reads a time that is far enough from the ends of BIGINT to be
// calculated with.
func milliseconds(v value.Value) (int64, error) {
	const most = plan.LongestWindow / int64(time.Millisecond)
	ms, ok := v.Number()
	switch {
	case !ok:
		return 0, fmt.Errorf("must be BIGINT, not %s", v.Kind())
	case !(ms >= -float64(most) && ms <= float64(most)):
		return 0, fmt.Errorf("is no time: %s", v)
	}
	return int64(ms), nil
}

// serve makes the result of the i-th request.
func (d *dedupTrigger) serve(i int) value.Row {
	r := d.waiting[i]
	d.waiting = slices.Delete(d.waiting, i, i+1)
	oldest := r.now - d.expire
	d.taken.forget(oldest)
	var fresh []slot
	if start := max(r.start, oldest); start < r.end {
		fresh = d.taken.claim(start, r.end)
	}
	cols := make([]value.Value, 0, len(d.from)+1)
	for _, slot := range d.from {
		cols = append(cols, r.row.Cols[slot])
	}
	return value.Row{Time: r.row.Time, Cols: append(cols, valueOf(fresh))}
}

// Next implements timed.
func (d *dedupTrigger) Next() (t int64, ok bool) {
	for _, r := range d.waiting {
		if !ok || r.until < t {
			t, ok = r.until, true
		}
	}
	return t, ok
}

// Advance implements Operator.
func (d *dedupTrigger) Advance(t int64) error {
	for i := d.due(t); i >= 0; i = d.due(t) {
		d.rt.window = d.waiting[i].window
		d.made = append(d.made[:0], d.serve(i))
		err := d.push()
		d.rt.window = nil
		if err != nil {
			return err
		}
	}
	return d.next.Advance(t)
}

// due is the first request that goes on when it is t; -1: there is none.
func (d *dedupTrigger) due(t int64) int {
	return slices.IndexFunc(d.waiting, func(r request) bool { return r.until <= t })
}

// Snapshot implements Stateful.
func (d *dedupTrigger) Snapshot(e *value.Encoder) {
	d.taken.snapshot(e)
	e.Uint(uint64(len(d.waiting)))
	for _, r := range d.waiting {
		for _, n := range []int64{r.start, r.end, r.now, r.until} {
			e.Int(n)
		}
		d.layout.snapshot(e, []value.Row{r.row})
		snapshotWindow(e, r.window)
	}
}

// Restore implements Stateful.
func (d *dedupTrigger) Restore(dec *value.Decoder) {
	d.taken.restore(dec)
	d.waiting = nil
	for range dec.Count() {
		r := request{slot: slot{dec.Int(), dec.Int()}, now: dec.Int(), until: dec.Int()}
		rows := d.layout.restore(dec)
		r.window = restoreWindow(dec)
		if dec.Err() == nil && len(rows) != 1 {
			dec.Fail(fmt.Errorf("dedup_trigger: %d rows wait for one slot", len(rows)))
		}
		if dec.Err() != nil {
			return
		}
		r.row = rows[0]
		d.waiting = append(d.waiting, r)
	}
}
