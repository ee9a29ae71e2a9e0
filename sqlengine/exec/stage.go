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
	frame    Frame
	name     string

	exceptions atomic.Uint64
	mu         sync.Mutex // guards the last exception
	last       string
	lastTime   time.Time
}

func (s *stage) base() *stage { return s }

// Advance and Close pass on by default.

// Advance implements Operator.
func (s *stage) Advance(t int64) error { return s.next.Advance(t) }

// Close implements Operator.
func (s *stage) Close() error { return s.next.Close() }

// begin counts the rows of a batch and tells expressions their window.
func (s *stage) begin(b *value.Batch) {
	s.in.Add(uint64(len(b.Rows)))
	if s.windowed {
		s.frame.Window = s.rt.window
	}
}

// look lets expressions see a row.
func (s *stage) look(r *value.Row) *Frame {
	s.frame.Row, s.frame.RowTime = r, r.Time
	return &s.frame
}

// fail counts and reports a row or a group that could not be evaluated.
func (s *stage) fail(err error) {
	e := &RowError{Op: s.name, Err: err}
	s.exceptions.Add(1)
	s.mu.Lock()
	s.last, s.lastTime = e.Error(), s.rt.now()
	s.mu.Unlock()
	s.rt.onRowError(e)
}

// each evaluates all rows of a batch. A panic fails its row and the rest goes
// on, at the price of one recover a batch.
func (s *stage) each(rows []value.Row, evaluate func(rows []value.Row)) {
	for s.at = 0; s.at < len(rows); {
		s.guarded(rows, evaluate)
	}
}

func (s *stage) guarded(rows []value.Row, evaluate func(rows []value.Row)) {
	defer func() {
		if p := recover(); p != nil {
			s.frame.err = nil
			s.fail(&PanicError{Reason: p, Stack: debug.Stack()})
			s.at++
		}
	}()
	evaluate(rows)
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
		s.mu.Lock()
		last, at := s.last, s.lastTime
		s.mu.Unlock()
		list[i] = OpStats{Name: fmt.Sprintf("%d_%s", i+1, s.name), In: s.in.Load(), Out: out,
			Exceptions: s.exceptions.Load(), LastException: last, LastExceptionTime: at}
		out = list[i].In
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
