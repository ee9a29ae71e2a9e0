// Package function holds the functions of the SQL dialect. A function is one
// declaration: its signatures, its documentation and its tested examples. The
// planner binds a call to a signature once; nothing is looked up per row.
package function

import (
	"time"

	"sluice/sqlengine/value"
)

// Param is what a parameter takes.
type Param uint8

// The kinds of parameters. A column of unknown kind is checked when the row
// comes; a literal or a column of a known wrong kind is refused by Bind.
const (
	Any      Param = iota
	Bool           // BOOLEAN
	Int            // BIGINT, or a FLOAT without a fraction
	Float          // a number, handed over as FLOAT
	Number         // BIGINT or FLOAT, handed over as it is
	String         // STRING
	Text           // anything printable, handed over as STRING
	Bytes          // BYTEA
	Binary         // STRING or BYTEA, handed over as it is
	Time           // DATETIME, or milliseconds or ISO text, handed over as DATETIME
	List           // ARRAY
	Object         // STRUCT
	Ordered        // BIGINT, FLOAT, STRING or DATETIME, handed over as it is
	Document       // ARRAY, STRUCT, or STRING that holds JSON, handed over as it is
)

// NullRule tells what a call gives when an argument is NULL or, as the dialect
// has it, an empty array or object.
type NullRule uint8

// The rules. Under NullHandled the function itself sees the NULLs and the
// empty arrays.
const (
	NullIsNull NullRule = iota
	NullIsZero
	NullIsFalse
	NullHandled
)

// Context is what a function may know beside its arguments. The engine fills
// it for each row.
type Context struct {
	RuleID    string
	RuleStart int64            // nanoseconds
	Now       func() time.Time // the host's clock
	Location  *time.Location   // the zone in which times are read and shown
	RowTime   int64            // nanoseconds, of the row or of the end of its window
	Window    *Window          // nil outside windows
	Hits      *Hits            // nil: they are not counted
	// Prop knows the named properties of the host, KeyedState the values of
	// its key-value store; nil: there are none.
	Prop       func(name string) (string, bool)
	KeyedState func(key string) (value.Value, bool)
}

// Hits counts what the conditions of a query let pass.
type Hits struct {
	Rows    Hit // of WHERE, or of a window's OVER (WHEN …)
	Results Hit // of HAVING
}

// Hit is the last thing that a condition let pass.
type Hit struct {
	Count int64 // its number
	Time  int64 // in nanoseconds
}

// Window is the time range of the window being emitted, in nanoseconds.
type Window struct{ Start, End, Trigger int64 }

// A Scalar maps the arguments of one row to one value.
type Scalar struct {
	Name      string // lower case
	Aliases   []string
	Summary   string // a sentence
	Section   string // of the documentation
	Overloads []Overload
	Examples  []Example
	// Volatile: two calls with the same arguments may differ within a query, so
	// that a call with literals is not computed once and for all. Others still
	// depend on Context.Location.
	Volatile bool
}

// Overload is one signature.
type Overload struct {
	Params   []Param
	Optional int        // so many of the last Params may be left out
	Variadic bool       // the last of Params repeats, once at least
	Result   value.Kind // Null: depends on the arguments
	Null     NullRule
	// Literals names the parameters, by index, that must be literals.
	Literals []int
	// Call gets arguments of the kinds of Params; the others that it sees are
	// NULL under NullHandled. It must not keep args.
	Call Call
	// Prepare, where it is set, is asked once for each call place: it returns
	// what can be known from the literals there, such as a Call that holds a
	// compiled pattern or the kind that cast gives. Null and nil stand for
	// Result and Call above.
	Prepare func(args []Arg) (Bound, error)
}

// Call computes one value. It may overwrite args, but not keep them.
type Call func(c *Context, args []value.Value) (value.Value, error)

// Example is documentation that the test of this package runs: SQL is a call
// with literals, Want the JSON of its result, "error" for a call that fails.
type Example struct{ SQL, Want string }

// An Aggregate folds the rows of a group into one value.
type Aggregate struct {
	Name     string
	Aliases  []string
	Summary  string // a sentence
	Section  string // of the documentation
	Params   []Param
	Optional int
	Star     bool // takes * : Add gets no arguments
	Whole    bool // takes * : Add gets the row as a STRUCT in its place
	Rows     bool // Add gets the row as a STRUCT behind the arguments
	Result   func(args []value.Kind) value.Kind
	New      func() Accumulator
	// Unfed is the result of a group of which FILTER let no row in.
	Unfed value.Value
	// Holistic tells that the state grows with the rows, as that of a median
	// does. Windows that slide keep the arguments of their rows instead of many
	// such states, and fold them anew for each result.
	Holistic bool
	// Examples: SQL is the call over column x, Rows the values of x.
	Examples []AggregateExample
}

// AggregateExample is documentation that the test of this package runs.
type AggregateExample struct{ SQL, Rows, Want string }

// Accumulator is the state of one aggregate in one group of one pane.
type Accumulator interface {
	// Add folds in one row. After an error the group fails.
	Add(args []value.Value) error
	// Merge folds other, of the same function and of later rows, into the
	// receiver and leaves other as it is: windows that overlap are built from
	// the panes they share.
	Merge(other Accumulator)
	Result() (value.Value, error)
	// Snapshot and Restore write and read the state for a checkpoint.
	Snapshot(*value.Encoder)
	Restore(*value.Decoder)
}

// Reusable is an Accumulator that can begin anew. Windows that slide need many
// of them, each for a moment.
type Reusable interface {
	Accumulator
	Reset()
}
