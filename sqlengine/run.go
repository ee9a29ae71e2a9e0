package sqlengine

import (
	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

// Env is what the host gives to a running query: the rule's id and start, the
// clock and its zone, the slots of the rows that will be pushed, parameters,
// lookup tables, and who hears of rows that fail. All of it is optional.
type Env = exec.Env

// Run is a query at work. It is driven by one goroutine; only Stats may be
// called by others. These are its methods for hosts:
//
//	Push(stream string, b *value.Batch) error        rows of a stream or a scan table
//	Next() (t int64, ok bool)                        the time that it waits for, in nanoseconds
//	Advance(t int64) error                           it is that time
//	SetParam(name string, v value.Value) error       $name has another value from now on
//	Snapshot() []byte                                its state, for a checkpoint
//	Restore(state []byte) error                      goes on from there, before the first Push
//	HasState() bool                                  whether Snapshot holds anything
//	Streams() []string, Reads(stream string) bool    what it takes
//	Stats() []OpStats                                counters of its operators
//	Close() error                                    ends it, open windows are not emitted
//
// An error of Push, Advance or Close is one of the output; the run then must
// not be used any more but for Close and Stats. Rows that fail are no such
// error: Env.OnRowError hears of them. Push also refuses a stream that the
// query does not read.
type Run = exec.Run

// RowError tells of a row, or a group, that could not be evaluated.
type RowError = exec.RowError

// PanicError is what a RowError wraps when the evaluation of a row panicked: in
// a function that the host has added, above all.
type PanicError = exec.PanicError

// ErrOtherQuery is what Restore returns for the state of another query.
var ErrOtherQuery = exec.ErrOtherQuery

// Operator takes what a query yields. Push gets a result, or rows, as
// Query.Windowed tells; Advance hears how far the time has come; Close ends it.
type Operator = exec.Operator

// OutputFunc is an Operator that takes results alone. They are borrowed until
// it returns: see value.Batch.
type OutputFunc func(b *value.Batch) error

// Push implements Operator.
func (f OutputFunc) Push(b *value.Batch) error { return f(b) }

// Advance implements Operator.
func (OutputFunc) Advance(int64) error { return nil }

// Close implements Operator.
func (OutputFunc) Close() error { return nil }

// Lookup answers for a lookup table.
type Lookup = exec.Lookup

// ScanTable is what a run keeps of a scan table.
type ScanTable = exec.ScanTable

// OpStats are the counters of one operator.
type OpStats = exec.OpStats

// Open starts the query: its results are pushed to out.
func (q *Query) Open(env Env, out Operator) (*Run, error) { return exec.Open(q.plan, env, out) }
