package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

var changedCols = &Analytic{
	Name: "changed_cols", Section: columns,
	Summary: "A column for each argument that differs from its last value, named by the prefix and the argument: a column, a call, or, for *, each column of the row. When the second argument is true, NULL is no change. It stands alone in the select list and takes no alias.",
	Params:  []Param{String, Bool, Any}, Variadic: true, Star: true, Literals: []int{0}, Columns: true, Result: resultOf(value.Object),
	Prepare: prepareChangedCols,
	Examples: []AnalyticExample{
		{`changed_cols("c_", true, a, b)`, `[{"a":1,"b":1},{"a":1,"b":2},{"a":null,"b":2}]`, `[{"c_a":1,"c_b":1},{"c_b":2},null]`},
		{`changed_cols("", false, *)`, `[{"a":1,"b":1},{"a":1},{"b":null}]`, `[{"a":1,"b":1},null,{"b":null}]`},
	},
}

func prepareChangedCols(args []Arg) (func() Memory, error) {
	prefix := args[0].Value
	if prefix.IsNull() {
		return nil, &BindError{Arg: 0, Msg: "the prefix of changed_cols is NULL", Hint: `Without a prefix, write "".`}
	}
	named := append([]Arg(nil), args[2:]...)
	seen := map[string]bool{}
	for i := range named {
		name := named[i].Name
		switch {
		case named[i].Star:
			continue
		case name == "":
			return nil, &BindError{Arg: i + 2, Msg: fmt.Sprintf("argument %d of changed_cols has no name", i+3), Hint: "Name it as an item: … AS x INVISIBLE, changed_cols(…, x)."}
		case seen[name]:
			return nil, &BindError{Arg: i + 2, Msg: fmt.Sprintf("changed_cols has two arguments named %q", name)}
		}
		seen[name] = true
		named[i].Name = prefix.Str() + name
	}
	return func() Memory { return &changedColumns{newWatch(named), prefix.Str()} }, nil
}

// changedColumns makes an object of what has changed.
type changedColumns struct {
	watch
	prefix string
}

func (m *changedColumns) Next(args []value.Value) (value.Value, error) {
	var names []string
	var values []value.Value
	for i := range m.args {
		prefix := ""
		if m.args[i].Star {
			prefix = m.prefix
		}
		one := watch{m.args[i : i+1], m.last[i : i+1]}
		one.changes(args[i+2:i+3], args[1].True(), func(name string, v value.Value) {
			if v.IsNull() {
				v = value.Value{} // also of a column that is missing now
			}
			names, values = append(names, prefix+name), append(values, v)
		})
	}
	if names == nil {
		return value.Value{}, nil
	}
	return value.OfObject(value.FieldsOf(names, values)), nil
}

func (m *changedColumns) Skip([]value.Value) value.Value { return value.Value{} }
