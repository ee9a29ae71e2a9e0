package function

import "sluice/sqlengine/value"

var latestKnown = &Analytic{
	Name: "latest", Section: analytics, Summary: "The last value that is not NULL, that of this row included; before there is one, the default.",
	Params: []Param{Any, Any}, Optional: 1,
	Result: func(args []Arg) value.Kind {
		if len(args) > 1 && args[1].Kind != value.Null && args[1].Kind != args[0].Kind {
			return value.Null
		}
		return args[0].Kind
	},
	Prepare: always(func() Memory { return new(known) }),
	Examples: []AnalyticExample{
		{`latest(a)`, `[{"a":null},{"a":1},{"a":null},{"a":3}]`, `[null,1,1,3]`},
		{`latest(a, 0)`, `[{"b":1},{"a":1},{"b":1}]`, `[0,1,1]`},
	},
}

// known is the last value that was not NULL.
type known struct{ value value.Value }

func (m *known) Next(args []value.Value) (value.Value, error) {
	if !args[0].IsNull() {
		m.value = args[0]
	}
	return m.Skip(args), nil
}

func (m *known) Skip(args []value.Value) value.Value {
	if m.value.IsNull() && len(args) > 1 {
		return args[1]
	}
	return m.value
}

func (m *known) Snapshot(e *value.Encoder) { e.Value(m.value) }
func (m *known) Restore(d *value.Decoder)  { m.value = d.Value() }
