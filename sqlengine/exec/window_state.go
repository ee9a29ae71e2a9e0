package exec

import (
	"fmt"
	"slices"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// state is a window from a row that begins it to one that ends it, in each
// partition. Where nothing else ends it, the row that begins the next one does.
type state struct {
	window
	spec       *plan.State
	begins     Eval
	ends       Eval // nil: the next row that begins a window
	keys       []Eval
	key        []byte // of the row being looked at
	partitions map[string]*stateWindow
	ended      *stateWindow // by the row being looked at
	end        int64
}

// stateWindow is the open window of a partition.
type stateWindow struct {
	start   int64
	content content
}

func newState(c compiler, content collector, spec *plan.State) *state {
	w := &state{window: window{collector: content}, spec: spec, begins: c.compile(spec.Begin), partitions: map[string]*stateWindow{}}
	if spec.End != nil {
		w.ends = c.compile(spec.End)
	}
	w.keys = c.list(spec.Partition)
	return w
}

func (w *state) Push(b *value.Batch) error {
	w.begin(b)
	for w.at = 0; w.at < len(b.Rows); {
		w.guarded(b.Rows, w)
		if err := w.emitEnded(); err != nil {
			return err
		}
	}
	return nil
}

// emitEnded emits what the last row has ended.
func (w *state) emitEnded() error {
	if w.ended == nil {
		return nil
	}
	done := w.ended
	w.ended = nil
	return w.emit(&done.content, function.Window{Start: done.start, End: w.end, Trigger: w.end})
}

// evaluate takes the rows up to one that ends a window.
func (w *state) evaluate(rows []value.Row) {
	for ; w.at < len(rows) && w.ended == nil; w.at++ {
		r := &rows[w.at]
		if err := w.row(w.look(r)); err != nil {
			w.fail(err)
		}
	}
}

func (w *state) row(f *Frame) error {
	w.key = w.key[:0]
	for _, k := range w.keys {
		w.key = value.AppendKey(w.key, k(f))
	}
	if f.err != nil {
		return f.Take()
	}
	open := w.partitions[string(w.key)]
	if open != nil && w.ends != nil {
		return w.until(open, f)
	}
	begins, err := holds(f, w.begins, w.spec.Begin)
	switch {
	case err != nil:
		return err
	case begins:
		w.ended, w.end = open, f.Row.Time
		open = &stateWindow{start: f.Row.Time}
		w.partitions[string(w.key)] = open
	case open == nil:
		return nil
	}
	return w.add(&open.content, f)
}

// until puts a row into a window, and ends that after the row if it is the one.
func (w *state) until(open *stateWindow, f *Frame) error {
	ends, err := holds(f, w.ends, w.spec.End)
	if err != nil {
		return err
	}
	if ends {
		w.ended, w.end = open, f.Row.Time
		delete(w.partitions, string(w.key))
	}
	return w.add(&open.content, f)
}

// Snapshot implements Stateful.
func (w *state) Snapshot(e *value.Encoder) {
	keys := make([]string, 0, len(w.partitions))
	for key := range w.partitions {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	e.Uint(uint64(len(keys)))
	for _, key := range keys {
		e.String(key)
		e.Int(w.partitions[key].start)
		w.snapshot(e, &w.partitions[key].content)
	}
}

// Restore implements Stateful.
func (w *state) Restore(d *value.Decoder) {
	for range d.Count() {
		key := d.String()
		open := &stateWindow{start: d.Int()}
		open.content = w.restore(d)
		if w.partitions[key] != nil {
			d.Fail(fmt.Errorf("two windows of the partition %q", key))
		}
		if d.Err() != nil {
			return
		}
		w.partitions[key] = open
	}
}
