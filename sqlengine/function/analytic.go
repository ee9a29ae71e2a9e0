package function

import "sluice/sqlengine/value"

// An Analytic maps each row of a stream to a value that depends on the rows in
// front of it, too.
type Analytic struct {
	Name    string // lower case
	Summary string // a sentence
	Section string // of the documentation
	Params  []Param
	// Optional and Variadic are as in Overload.
	Optional int
	Variadic bool
	Star     bool  // a parameter Any takes * , which comes as the row in a STRUCT
	Literals []int // parameters, by index, that must be literals
	// Columns: the fields of its results are columns of the result, named after
	// the arguments. It stands alone in the select list and takes no OVER.
	Columns bool
	Result  func(args []Arg) value.Kind // Null: known only at run time
	// Prepare is asked once for each call place; what it returns makes the
	// memory of one partition.
	Prepare func(args []Arg) (func() Memory, error)
	// Examples: SQL is the call over the columns a and b.
	Examples []AnalyticExample
}

// AnalyticExample is documentation that the test of this package runs. Rows is
// a JSON array of rows, Want that of the results.
type AnalyticExample struct{ SQL, Rows, Want string }

// Memory is what an analytic function knows of the former rows of a partition.
type Memory interface {
	// Next takes a row and gives its result. It must not keep args.
	Next(args []value.Value) (value.Value, error)
	// Skip is the result for a row that OVER (WHEN …) leaves out.
	Skip(args []value.Value) value.Value
	// Snapshot and Restore write and read the state for a checkpoint.
	Snapshot(*value.Encoder)
	Restore(*value.Decoder)
}

// always is the Prepare of a function that needs to know nothing.
func always(make func() Memory) func([]Arg) (func() Memory, error) {
	return func([]Arg) (func() Memory, error) { return make, nil }
}

func resultOf(k value.Kind) func([]Arg) value.Kind {
	return func([]Arg) value.Kind { return k }
}
