package function

import "sluice/sqlengine/value"

var changedCol = &Analytic{
	Name: "changed_col", Section: analytics, Summary: "The value when it differs from the last one, else NULL. When the first argument is true, NULL is no change.",
	Params:  []Param{Bool, Any},
	Result:  func(args []Arg) value.Kind { return args[1].Kind },
	Prepare: always(func() Memory { return new(changing) }),
	Examples: []AnalyticExample{
		{`changed_col(true, a)`, `[{"a":1},{"a":1},{"a":null},{"a":1},{"a":2}]`, `[1,null,null,null,2]`},
		{`changed_col(false, a)`, `[{"a":1},{"a":1},{"a":null},{"a":1},{"a":2}]`, `[1,null,null,1,2]`},
	},
}

var hadChanged = &Analytic{
	Name: "had_changed", Section: analytics, Summary: "Whether any of the values differs from its last one; * stands for all columns. When the first argument is true, NULL is no change.",
	Params: []Param{Bool, Any}, Variadic: true, Star: true, Result: resultOf(value.Bool),
	Prepare: func(args []Arg) (func() Memory, error) {
		return func() Memory { return &noticing{newWatch(args[1:])} }, nil
	},
	Examples: []AnalyticExample{
		{`had_changed(true, a, b)`, `[{"a":1,"b":1},{"a":1,"b":1},{"a":null,"b":1},{"a":1,"b":2}]`, `[true,false,false,true]`},
		{`had_changed(false, a)`, `[{"a":1},{"a":null},{"a":1}]`, `[true,true,true]`},
		{`had_changed(true, *)`, `[{"a":1},{"a":1,"b":2},{"a":1},{"a":3}]`, `[true,true,false,true]`},
	},
}

// changing keeps the value that changes are told from.
type changing struct{ last value.Value }

func (m *changing) Next(args []value.Value) (value.Value, error) {
	v := args[1]
	if args[0].True() && v.IsNull() || value.Equal(v, m.last) {
		return value.Value{}, nil
	}
	m.last = v
	return v, nil
}

func (m *changing) Skip([]value.Value) value.Value { return value.Value{} }
func (m *changing) Snapshot(e *value.Encoder)      { e.Value(m.last) }
func (m *changing) Restore(d *value.Decoder)       { m.last = d.Value() }

// noticing tells whether anything has changed.
type noticing struct{ watch }

func (m *noticing) Next(args []value.Value) (value.Value, error) {
	changed := false
	m.changes(args[1:], args[0].True(), func(string, value.Value) { changed = true })
	return value.OfBool(changed), nil
}

func (m *noticing) Skip([]value.Value) value.Value { return value.OfBool(false) }
