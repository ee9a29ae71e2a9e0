// Package exec runs planned queries: compiled expressions and a chain of
// operators through which batches are pushed by plain calls.
//
// # Time
//
// Tumbling and hopping windows come at every end, also without rows, and also
// when the clock reaches several ends at once: the watermark jumps, or a query
// goes on from a state of yesterday. One rule bounds that in event time and in
// processing time. Of a gap of more than 100,000 windows without rows none is
// emitted; it counts as one exception, which names it. Where a window without
// rows has no result, because rows are grouped by keys, a gap of any length is
// passed at once and nothing counts. Windows with rows always come.
package exec

import (
	"fmt"

	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// Frame is what an expression sees while one row is evaluated.
type Frame struct {
	Row *value.Row
	err error
	function.Context
	params []value.Value // of the rule: the array is the run's
}

// Fail records the first error of the row and yields NULL, so that expressions
// need not return an error at every node.
func (f *Frame) Fail(err error) value.Value {
	if f.err == nil {
		f.err = err
	}
	return value.Value{}
}

// Take returns the error of the row and clears it.
func (f *Frame) Take() error { err := f.err; f.err = nil; return err }

// Eval is a compiled expression. There is one closure type: the planner chose
// the overloads.
type Eval func(*Frame) value.Value

// Operator is one step of a running query. It is driven by one goroutine.
type Operator interface {
	// Push gives rows to the operator: see value.Batch for what it may keep.
	// An error ends the query; a row that fails is no such error but goes to
	// Env.OnRowError.
	Push(b *value.Batch) error
	// Advance tells that no row older than watermark, in nanoseconds, follows.
	Advance(watermark int64) error
	// Close ends the query without emitting windows that are still open.
	Close() error
}

// Stateful is an operator whose state a checkpoint must hold. Restore is
// called before the first Push, on an operator of an equal plan.
type Stateful interface {
	Snapshot(*value.Encoder)
	Restore(*value.Decoder)
}

// RowError is what a query reports about a row it could not evaluate; the row,
// or its group, is dropped and counted, and the query goes on.
type RowError struct {
	Op  string // kind of the operator: filter, window, project …
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("%s: %v", e.Op, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }
