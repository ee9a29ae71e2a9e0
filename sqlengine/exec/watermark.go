package exec

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// watermark lets rows out in the order of their event time. The watermark is
// the newest time of the stream that is the farthest behind, less the
// tolerance: rows wait until it has reached them, and those that it has left
// behind came late and are dropped. Behind it, it is the time.
//
// A stream that is silent for too long by the host's clock holds nobody back.
// When all are, the watermark goes to the newest time. From there it follows
// the host's clock, but only when that reaches the end of a window: so the last
// windows come, and no more rows than needed come late.
//
// Rows wait for the tolerance and for the slowest stream; there are no more of
// them than mostHeld. Like a window it does not hold acknowledgements.
type watermark struct {
	stage
	layout  layout
	tag     int // slot of the source's index; -1: there is one stream
	streams []eventStream
	late    int64
	idle    int64 // 0: streams are never idle
	now     int64 // the host's clock; only where streams can be idle
	behind  []timed
	marked  bool
	mark    int64
	told    int64 // the watermark that the operators behind know
	held    rowOrder
	full    bool        // rows leave because too many are held
	made    []value.Row // used again for every batch, as is out
	out     value.Batch

	lateRows, heldRows atomic.Uint64
}

// mostHeld bounds the rows that wait. Beyond it the oldest leave, and with them
// the watermark moves, as if the slowest stream were idle.
const mostHeld = 1 << 18

func newWatermark(rt *runtime, c compiler, step *plan.Watermark) *watermark {
	w := &watermark{layout: c.layout, told: math.MinInt64, tag: -1, late: int64(step.Late), idle: int64(step.Idle)}
	if step.Tag != plan.Computed {
		w.tag = c.layout[step.Tag]
	}
	if w.idle > 0 {
		w.now = rt.frame.Now().UnixNano()
	}
	for _, t := range step.Times {
		w.streams = append(w.streams, newEventStream(c, t, w.now))
	}
	return w
}

func (w *watermark) Push(b *value.Batch) error {
	w.begin(b)
	if w.idle > 0 {
		if err := w.Advance(w.rt.frame.Now().UnixNano()); err != nil {
			return err
		}
	}
	w.each(b.Rows, w)
	return w.move()
}

func (w *watermark) evaluate(rows []value.Row) {
	for ; w.at < len(rows); w.at++ {
		r := &rows[w.at]
		s := w.streamOf(r)
		t, err := s.timeOf(w.look(r))
		if err != nil {
			w.fail(err)
			continue
		}
		s.hear(t, w.now)
		if w.marked && t < w.mark {
			w.drop(t)
			continue
		}
		w.held.push(value.Row{Time: t, Cols: r.Cols})
		w.raise()
	}
}

func (w *watermark) streamOf(r *value.Row) *eventStream {
	if w.tag >= 0 {
		source := int(r.Cols[w.tag].Int())
		for i := range w.streams {
			if w.streams[i].source == source {
				return &w.streams[i]
			}
		}
	}
	return &w.streams[0]
}

// drop counts a row that came late; the first one is told.
func (w *watermark) drop(t int64) {
	if w.lateRows.Add(1) == 1 {
		w.note(&RowError{Op: w.name, Err: fmt.Errorf("a row of %s came late: the watermark is at %s", w.date(t), w.date(w.mark))})
	}
}

func (w *watermark) date(t int64) string {
	return time.Unix(0, t).In(w.rt.frame.Location).Format(time.RFC3339Nano)
}

// raise moves the watermark on as far as the streams allow.
func (w *watermark) raise() {
	if level, ok := w.level(); ok && (!w.marked || level > w.mark) {
		w.marked, w.mark = true, level
	}
}

// level is where the watermark would be if it had never been farther.
func (w *watermark) level() (t int64, ok bool) {
	active := false
	for i := range w.streams {
		s := &w.streams[i]
		if w.isIdle(s) {
			continue
		}
		if !s.sent {
			return 0, false
		}
		if !active || s.newest < t {
			active, t = true, s.newest
		}
	}
	if active {
		return t - w.late, true
	}
	return w.newest()
}

func (w *watermark) isIdle(s *eventStream) bool { return w.idle > 0 && w.now-s.heard >= w.idle }

// newest is the newest time of all streams; false when none has ever sent.
func (w *watermark) newest() (t int64, ok bool) {
	for _, s := range w.streams {
		if s.sent && (!ok || s.newest > t) {
			t, ok = s.newest, true
		}
	}
	return t, ok
}

// silent is since when all streams are idle, by the host's clock; it may lie
// ahead.
func (w *watermark) silent() (since int64) {
	for _, s := range w.streams {
		since = max(since, s.heard+w.idle)
	}
	return since
}

// move lets out what the watermark has reached, and tells how far it is.
func (w *watermark) move() error {
	w.raise()
	err := w.release()
	w.heldRows.Store(uint64(w.held.len()))
	if err != nil {
		return err
	}
	if end, ok := w.Next(); ok && end <= w.now { // all are idle, and the clock has reached the end of a window
		newest, _ := w.newest()
		w.mark = min(max(w.mark, newest+w.now-w.silent()), latestTime)
	}
	if !w.marked || w.told == w.mark {
		return nil
	}
	return w.tell(w.mark)
}

func (w *watermark) tell(t int64) error {
	w.told = t
	return w.next.Advance(t)
}

// release pushes the rows that need not wait. What ends before a row is
// emitted before it: as a row may let something wait for time, the first one
// goes alone where nothing does.
func (w *watermark) release() error {
	next, waits := earliest(w.behind)
	w.made = w.made[:0]
	for w.leaves() {
		r := w.held.pop()
		if !w.marked || r.Time > w.mark {
			w.marked, w.mark = true, r.Time
		}
		if waits && next <= r.Time {
			if err := w.flush(); err != nil {
				return err
			}
			if err := w.tell(r.Time); err != nil {
				return err
			}
			next, waits = earliest(w.behind)
		}
		w.made = append(w.made, r)
		if !waits && len(w.behind) > 0 {
			if err := w.flush(); err != nil {
				return err
			}
			next, waits = earliest(w.behind)
		}
	}
	return w.flush()
}

// leaves tells whether the oldest row need not wait any longer.
func (w *watermark) leaves() bool {
	switch n := w.held.len(); {
	case n == 0:
		return false
	case n > mostHeld:
		w.overflow()
		return true
	case n < mostHeld/2:
		w.full = false
	}
	return w.marked && w.held.first().Time <= w.mark
}

// overflow tells, once, that rows leave before their time.
func (w *watermark) overflow() {
	if w.full {
		return
	}
	w.full = true
	w.fail(fmt.Errorf("%d rows wait for a stream that sends no newer ones: the oldest do no longer; set idleTimeout or a shorter lateTolerance", mostHeld))
}

func (w *watermark) flush() error {
	if len(w.made) == 0 {
		return nil
	}
	w.out = value.Batch{Rows: w.made}
	err := w.next.Push(&w.out)
	w.made = w.made[:0]
	return err
}

// Advance implements Operator: the host's time tells which streams are idle.
func (w *watermark) Advance(t int64) error {
	if w.idle == 0 {
		return nil
	}
	w.now = max(w.now, t)
	return w.move()
}

// Next implements timed, in the host's time.
func (w *watermark) Next() (t int64, ok bool) {
	if w.idle == 0 {
		return 0, false
	}
	for i := range w.streams {
		s := &w.streams[i]
		if !w.isIdle(s) && (!ok || s.heard+w.idle < t) {
			t, ok = s.heard+w.idle, true
		}
	}
	if ok {
		return t, true
	}
	newest, sent := w.newest()
	end, waits := earliest(w.behind)
	return w.silent() + end - newest, sent && waits
}

// Snapshot implements Stateful.
func (w *watermark) Snapshot(e *value.Encoder) {
	now := w.now
	if w.idle > 0 {
		now = max(now, w.rt.frame.Now().UnixNano())
	}
	for i := range w.streams {
		w.streams[i].snapshot(e, now)
	}
	e.Bool(w.marked)
	e.Int(w.mark)
	w.layout.snapshot(e, w.held.sorted())
}

// Restore implements Stateful.
func (w *watermark) Restore(d *value.Decoder) {
	for i := range w.streams {
		w.streams[i].restore(d, w.now)
	}
	w.marked, w.mark = d.Bool(), d.Int()
	if w.marked && (w.mark < earliestTime-w.late || w.mark > latestTime) {
		d.Fail(fmt.Errorf("a watermark at %d", w.mark))
		return
	}
	w.told = w.mark
	w.held = rowOrder{}
	for _, r := range w.layout.restore(d) {
		w.held.push(r)
	}
	w.heldRows.Store(uint64(w.held.len()))
}
