package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

var greatest = &Aggregate{
	Name: "max", Section: aggregates, Summary: "The greatest number, text or time; FLOAT when numbers are mixed.",
	Params: []Param{Ordered}, Result: sameKind,
	New: func() Accumulator { return &extremes{name: "max", end: 1} },
	Examples: []AggregateExample{
		{`max(x)`, `[1, null, 3, 2]`, `3`}, {`max(x)`, `[2, 2.5]`, `2.5`}, {`max(x)`, `["a", "b"]`, `"b"`}, {`max(x)`, `[1, "b"]`, `error`}, {`max(x)`, `[]`, `null`},
	},
}

var least = &Aggregate{
	Name: "min", Section: aggregates, Summary: "The least number, text or time; FLOAT when numbers are mixed.",
	Params: []Param{Ordered}, Result: sameKind,
	New:      func() Accumulator { return &extremes{name: "min", end: -1} },
	Examples: []AggregateExample{{`min(x)`, `[2, null, 1, 3]`, `1`}, {`min(x)`, `["b", "a"]`, `"a"`}, {`min(x)`, `[true]`, `error`}},
}

// extremes keeps the value at one end of the order: 1 the greatest, -1 the
// least.
type extremes struct {
	name    string
	end     int
	best    value.Value
	isFloat bool
	err     error // two panes of different kinds were merged
}

func (a *extremes) Add(args []value.Value) error {
	v := args[0]
	switch v.Kind() {
	case value.Null:
		return nil
	case value.Int, value.String, value.Time:
	case value.Float:
		a.isFloat = true
	default:
		return fmt.Errorf("%s takes numbers, text or times, not %s", a.name, v.Kind())
	}
	if a.best.IsNull() {
		a.best = v
		return nil
	}
	order, ok := value.Compare(v, a.best)
	if !ok {
		return fmt.Errorf("%s cannot compare %s with %s", a.name, v.Kind(), a.best.Kind())
	}
	if order == a.end {
		a.best = v
	}
	return nil
}

func (a *extremes) Merge(other Accumulator) {
	o := other.(*extremes)
	err := a.Add([]value.Value{o.best})
	a.isFloat = a.isFloat || o.isFloat
	for _, e := range []error{err, o.err} {
		if a.err == nil {
			a.err = e
		}
	}
}

func (a *extremes) Result() (value.Value, error) {
	if a.err != nil {
		return value.Value{}, a.err
	}
	if a.isFloat && a.best.Kind() == value.Int {
		return value.OfFloat(float64(a.best.Int())), nil
	}
	return a.best, nil
}

// Reset implements Reusable.
func (a *extremes) Reset() { a.best, a.isFloat, a.err = value.Value{}, false, nil }

func (a *extremes) Snapshot(e *value.Encoder) {
	e.Value(a.best)
	e.Bool(a.isFloat)
	e.Bool(a.err != nil)
}

func (a *extremes) Restore(d *value.Decoder) {
	a.best, a.isFloat = d.Value(), d.Bool()
	if d.Bool() {
		a.err = fmt.Errorf("%s cannot compare text with numbers", a.name)
	}
}
