package exec

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"sluice/sqlengine/value"
)

// stage is what all operators have: a name, the next operator, a frame that is
// used again for every row, and counters.
type stage struct {
	in       atomic.Uint64 // counters stand here, not behind a pointer: with many rules each is a cache miss
	windowed bool          // there is a window in front
	at       int           // index of the row being evaluated
	rt       *runtime
	next     Operator
	frame    *Frame
	name     string

	failed atomic.Pointer[failures] // nil: none yet, as with nearly all operators
}

// failures are the rows, or groups, that an operator could not evaluate.
type failures struct {
	count    atomic.Uint64
	mu       sync.Mutex // guards what follows
	last     string
	lastTime time.Time
}

// failures is called by the goroutine that drives the run.
func (s *stage) failures() *failures {
	if s.failed.Load() == nil {
		s.failed.Store(&failures{})
	}
	return s.failed.Load()
}

func (s *stage) base() *stage { return s }

// Advance and Close pass on by default.

// Advance implements Operator.
func (s *stage) Advance(t int64) error { return s.next.Advance(t) }

// Close implements Operator.
func (s *stage) Close() error { return s.next.Close() }

// frameOf is what the expressions of an operator see. Those that are done with
// the rows of a batch when they push what they make of it share one, which stands
// in the project, where there is one: with thousands of rules each other place is
// a cache miss.
func (rt *runtime) frameOf(op operator) *Frame {
	switch op := op.(type) {
	case *filter:
		return rt.frame
	case *project:
		op.own = *rt.frame
		rt.frame = &op.own
		return rt.frame
	}
	own := *rt.frame
	return &own
}

// begin counts the rows of a batch and tells expressions their window.
func (s *stage) begin(b *value.Batch) {
	s.in.Add(uint64(len(b.Rows)))
	if s.windowed {
		s.frame.Window = s.rt.window
	} else if s.frame.Window != nil {
		s.frame.Window = nil // of an operator behind that shares the frame
	}
}

// look lets expressions see a row.
func (s *stage) look(r *value.Row) *Frame {
	s.frame.Row, s.frame.RowTime = r, r.Time
	return s.frame
}

// fail counts and reports a row or a group that could not be evaluated.
func (s *stage) fail(err error) {
	e := &RowError{Op: s.name, Err: err}
	s.failures().count.Add(1)
	s.note(e)
	s.rt.onRowError(e)
}

// note keeps an error as the last one.
func (s *stage) note(e *RowError) {
	f := s.failures()
	f.mu.Lock()
	f.last, f.lastTime = e.Error(), s.rt.frame.Now()
	f.mu.Unlock()
}

// each evaluates all rows of a batch. A panic fails its row and the rest goes
// on, at the price of one recover a batch.
func (s *stage) each(rows []value.Row, op evaluator) {
	for s.at = 0; s.at < len(rows); {
		s.guarded(rows, op)
	}
}

// evaluator evaluates rows from stage.at on, which it moves along.
type evaluator interface{ evaluate(rows []value.Row) }

func (s *stage) guarded(rows []value.Row, op evaluator) {
	defer func() {
		if p := recover(); p != nil {
			s.frame.err = nil
			s.fail(&PanicError{Reason: p, Stack: debug.Stack()})
			s.at++
		}
	}()
	op.evaluate(rows)
}

// shelter, when it is deferred, makes an error of a panic.
func shelter(err *error) {
	if p := recover(); p != nil {
		*err = &PanicError{Reason: p, Stack: debug.Stack()}
	}
}

// PanicError is a panic during the evaluation of a row.
type PanicError struct {
	Reason any
	Stack  []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Reason) }

// OpStats are the counters of one operator.
type OpStats struct {
	Name              string // number and kind: "1_filter"
	In, Out           uint64 // rows
	Exceptions        uint64 // rows, or groups, that failed
	Late              uint64 // rows dropped by the watermark; LastException names the first
	Held              uint64 // rows that wait for the watermark
	LastException     string
	LastExceptionTime time.Time
}

// Stats are the counters of the operators, in the order in which rows pass
// them. Any goroutine may call it.
func (r *Run) Stats() []OpStats {
	list := make([]OpStats, len(r.ops))
	out := r.tail.in.Load()
	for i := len(r.ops) - 1; i >= 0; i-- {
		s := r.ops[i].base()
		list[i] = OpStats{Name: fmt.Sprintf("%d_%s", i+1, s.name), In: s.in.Load(), Out: out}
		if f := s.failed.Load(); f != nil {
			f.mu.Lock()
			list[i].Exceptions, list[i].LastException, list[i].LastExceptionTime = f.count.Load(), f.last, f.lastTime
			f.mu.Unlock()
		}
		if w, ok := r.ops[i].(*watermark); ok {
			list[i].Late, list[i].Held = w.lateRows.Load(), w.heldRows.Load()
		}
		out = list[i].In
	}
	if o := r.offer.Load(); o != nil {
		list[0].In = o.rows.Load() + o.more
	}
	return list
}

// tail counts the rows of the result.
type tail struct {
	out Operator
	in  atomic.Uint64
}

func (t *tail) Push(b *value.Batch) error {
	t.in.Add(uint64(len(b.Rows)))
	return t.out.Push(b)
}

func (t *tail) Advance(watermark int64) error { return t.out.Advance(watermark) }
func (t *tail) Close() error                  { return t.out.Close() }
