package function

import "sluice/sqlengine/value"

var collect = &Aggregate{
	Name: "collect", Section: aggregates, Summary: "An array of the values, NULLs included, or of the rows as objects.",
	Params: []Param{Any}, Whole: true,
	Result: func([]value.Kind) value.Kind { return value.List },
	New:    func() Accumulator { return new(collecting) }, Holistic: true,
	Examples: []AggregateExample{
		{`collect(x)`, `[2, null, 1]`, `[2,null,1]`}, {`collect(*)`, `[1]`, `[{"x":1}]`}, {`collect(x)`, `[]`, `null`},
	},
}

type collecting struct{ values []value.Value }

func (a *collecting) Add(args []value.Value) error { a.values = append(a.values, args[0]); return nil }
func (a *collecting) Merge(other Accumulator) {
	a.values = append(a.values, other.(*collecting).values...)
}

// Result shares its elements with the accumulator, which only appends.
func (a *collecting) Result() (value.Value, error) {
	if len(a.values) == 0 {
		return value.Value{}, nil
	}
	return value.OfList(a.values), nil
}

func (a *collecting) Snapshot(e *value.Encoder) { e.Values(a.values) }
func (a *collecting) Restore(d *value.Decoder)  { a.values = d.Values() }
