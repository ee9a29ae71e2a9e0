package function

import "sluice/sqlengine/value"

var count = &Aggregate{
	Name: "count", Section: aggregates,
	Summary: "The number of rows, or of values that are not NULL.",
	Params:  []Param{Any}, Star: true,
	Result: func([]value.Kind) value.Kind { return value.Int },
	New:    func() Accumulator { return new(counter) },
	Unfed:  value.OfInt(0),
	Examples: []AggregateExample{
		{`count(x)`, `[1, null, 3]`, `2`}, {`count(*)`, `[1, null, 3]`, `3`}, {`count(x)`, `[null]`, `0`}, {`count(x)`, `[]`, `null`},
	},
}

type counter struct{ rows, values int64 }

func (a *counter) Add(args []value.Value) error {
	a.rows++
	if len(args) == 0 || !args[0].IsNull() {
		a.values++
	}
	return nil
}

func (a *counter) Merge(other Accumulator) {
	o := other.(*counter)
	a.rows, a.values = a.rows+o.rows, a.values+o.values
}

func (a *counter) Result() (value.Value, error) {
	if a.rows == 0 {
		return value.Value{}, nil
	}
	return value.OfInt(a.values), nil
}

// Reset implements Reusable.
func (a *counter) Reset() { *a = counter{} }

func (a *counter) Snapshot(e *value.Encoder) { e.Int(a.rows); e.Int(a.values) }
func (a *counter) Restore(d *value.Decoder)  { a.rows, a.values = d.Int(), d.Int() }
