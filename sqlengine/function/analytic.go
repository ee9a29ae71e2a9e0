package function

import "sluice/sqlengine/value"

// An Analytic maps each row of a stream to a value that depends on the rows in
// front of it, too.
type Analytic struct {
	Name    string // lower case
	Summary string // a sentence
	Params  []Param
	// Optional and Variadic are as in Overload; Star: an argument may be * ,
	// which comes as the row in a STRUCT.
	Optional int
	Variadic bool
	Star     bool
	Literals []int // parameters, by index, that must be literals
	Skipped  Skipped
	// Alone: the function takes no OVER.
	Alone  bool
	Result func(args []Arg) value.Kind
	// New makes the state of one partition; args are those of the call place.
	New func(args []Arg) (Memory, error)
	// Examples: SQL is the call over the columns a, b and c; Rows a JSON array
	// of rows, Want the JSON array of the results, null for NULL.
	Examples []AnalyticExample
}

// AnalyticExample is documentation that the test of this package runs.
type AnalyticExample struct{ SQL, Rows, Want string }

// Skipped tells what a row yields for which OVER (WHEN …) is false.
type Skipped uint8

// The ways.
const (
	SkippedIsLast Skipped = iota // the result of the row before
	SkippedIsNull
	SkippedIsFalse
)

// Memory is the state of an analytic function in one partition.
type Memory interface {
	// Next takes a row and gives its result. It must not keep args.
	Next(c *Context, args []value.Value) (value.Value, error)
	Snapshot(*value.Encoder)
	Restore(*value.Decoder)
}

// BoundAnalytic is a call place of an Analytic: it makes the states of its
// partitions and knows the kind of the results.
type BoundAnalytic struct {
	Result value.Kind
	New    func() Memory
}
