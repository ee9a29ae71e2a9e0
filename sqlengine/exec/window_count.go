package exec

import (
	"fmt"
	"maps"
	"slices"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// counting holds the last rows, and emits them each time that so many more
// have come.
type counting struct {
	window
	slider slider
	size   int64
	every  int64
	keys   []Eval // of the partition
	buf    []byte
	parts  map[string]*part
	part   *part // of the row; nil: it could not be counted
}

// part is the window of one partition.
type part struct {
	key     string
	seen    int64   // rows that came since the last result, or of a window that slides at all
	content content // of a window that begins anew behind each result
	rows    fifo    // of one that slides
}

func newCount(c compiler, content collector, spec *plan.Count) *counting {
	w := &counting{window: window{collector: content}, size: spec.Rows, every: spec.Every,
		keys: c.list(spec.Partition), parts: map[string]*part{}}
	w.slider = newSlider(&w.collector)
	return w
}

func (w *counting) slides() bool { return w.every < w.size }

// Push implements Operator. Results are emitted between the rows.
func (w *counting) Push(b *value.Batch) error {
	w.begin(b)
	for i := range b.Rows {
		w.part = nil
		w.each(b.Rows[i:i+1], w)
		if w.part == nil || w.part.seen < w.size || w.part.seen%w.every != 0 {
			continue
		}
		if err := w.full(w.part, b.Rows[i].Time); err != nil {
			return err
		}
	}
	return nil
}

// evaluate takes a row in. It counts also when it is no content.
func (w *counting) evaluate(rows []value.Row) {
	f := w.look(&rows[w.at])
	w.at++
	p, err := w.partOf(f)
	if err == nil {
		err = w.keep(p, f)
	}
	if err != nil {
		w.fail(err)
	}
}

func (w *counting) partOf(f *Frame) (*part, error) {
	w.buf = w.buf[:0]
	for _, key := range w.keys {
		w.buf = value.AppendKey(w.buf, key(f))
	}
	if f.err != nil {
		return nil, f.Take()
	}
	p := w.parts[string(w.buf)]
	if p == nil {
		p = &part{key: string(w.buf)}
		w.parts[p.key] = p
	}
	return p, nil
}

func (w *counting) keep(p *part, f *Frame) error {
	w.part = p
	p.seen++
	if !w.slides() {
		return w.add(&p.content, f)
	}
	w.slider.leave(&p.rows, p.seen-w.size+1)
	return w.slider.add(&p.rows, f, p.seen)
}

// full emits the result of a partition at a time.
func (w *counting) full(p *part, t int64) error {
	bounds := function.Window{Start: t, End: t, Trigger: t}
	if !w.slides() {
		delete(w.parts, p.key)
		return w.emit(&p.content, bounds)
	}
	return w.slide(&w.slider, &p.rows, bounds)
}

// Snapshot implements Stateful.
func (w *counting) Snapshot(e *value.Encoder) {
	e.Uint(uint64(len(w.parts)))
	for _, key := range slices.Sorted(maps.Keys(w.parts)) {
		p := w.parts[key]
		e.String(key)
		e.Int(p.seen)
		if w.slides() {
			w.slider.snapshot(e, &p.rows)
			continue
		}
		w.snapshot(e, &p.content)
	}
}

// Restore implements Stateful.
func (w *counting) Restore(d *value.Decoder) {
	w.parts = map[string]*part{}
	for range d.Count() {
		p := &part{key: d.String(), seen: d.Int()}
		if d.Err() == nil && (p.seen < 1 || !w.slides() && p.seen >= w.size) {
			d.Fail(fmt.Errorf("%d rows in a window of %d", p.seen, w.size))
		}
		if d.Err() != nil {
			return
		}
		if w.slides() {
			p.rows = w.slider.restore(d)
		} else {
			p.content = w.restore(d)
		}
		w.parts[p.key] = p
	}
}
