package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

var lastValue = &Aggregate{
	Name: "last_value", Section: aggregates, Summary: "The value of the last row, or, when the second argument is true, the last that is not NULL.",
	Params: []Param{Any, Bool}, Whole: true, Result: sameKind,
	New: func() Accumulator { return new(latest) },
	Examples: []AggregateExample{
		{`last_value(x, true)`, `[1, 2, null]`, `2`}, {`last_value(x, false)`, `[1, 2, null]`, `null`}, {`last_value(*, true)`, `[1, 2]`, `{"x":2}`},
		{`last_value(x, true)`, `[]`, `null`},
	},
}

// latest keeps the last row's value, and that it came: a later pane's NULL
// counts, an empty pane does not.
type latest struct {
	value value.Value
	some  bool
}

func (a *latest) Add(args []value.Value) error {
	ignoreNull := args[1]
	if ignoreNull.Kind() != value.Bool {
		return fmt.Errorf("the second argument of last_value must be BOOLEAN, not %s", ignoreNull.Kind())
	}
	if args[0].IsNull() && ignoreNull.True() {
		return nil
	}
	a.value, a.some = args[0], true
	return nil
}

func (a *latest) Merge(other Accumulator) {
	if o := other.(*latest); o.some {
		*a = *o
	}
}

// Reset implements Reusable.
func (a *latest) Reset() { *a = latest{} }

func (a *latest) Result() (value.Value, error) { return a.value, nil }
func (a *latest) Snapshot(e *value.Encoder)    { e.Value(a.value); e.Bool(a.some) }
func (a *latest) Restore(d *value.Decoder)     { a.value, a.some = d.Value(), d.Bool() }
