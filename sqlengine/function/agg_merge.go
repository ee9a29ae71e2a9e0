package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

var mergeAgg = &Aggregate{
	Name: "merge_agg", Section: aggregates, Summary: "The fields of all objects, or of all rows, in one object; later ones win.",
	Params: []Param{Object}, Whole: true,
	Result: func([]value.Kind) value.Kind { return value.Object },
	New:    func() Accumulator { return new(merging) }, Holistic: true,
	Examples: []AggregateExample{
		{`merge_agg(x)`, `[{"a": 1, "b": 2}, null, {"b": 3}]`, `{"a":1,"b":3}`}, {`merge_agg(*)`, `[1, 2]`, `{"x":2}`},
		{`merge_agg(x)`, `[1]`, `error`}, {`merge_agg(x)`, `[null]`, `null`},
	},
}

type merging struct{ fields *value.Fields }

func (a *merging) Add(args []value.Value) error {
	switch v := args[0]; v.Kind() {
	case value.Null:
	case value.Object:
		a.take(v.Object())
	default:
		return fmt.Errorf("merge_agg takes objects, not %s", v.Kind())
	}
	return nil
}

// take makes a new object, as the old one may be shared.
func (a *merging) take(o *value.Fields) {
	if a.fields == nil {
		a.fields = o
		return
	}
	names := append(append(make([]string, 0, a.fields.Len()+o.Len()), a.fields.Names...), o.Names...)
	values := append(append(make([]value.Value, 0, len(names)), a.fields.Values...), o.Values...)
	a.fields = value.FieldsOf(names, values)
}

func (a *merging) Merge(other Accumulator) {
	if o := other.(*merging); o.fields != nil {
		a.take(o.fields)
	}
}

func (a *merging) Result() (value.Value, error) {
	if a.fields == nil {
		return value.Value{}, nil
	}
	return value.OfObject(a.fields), nil
}

func (a *merging) Snapshot(e *value.Encoder) {
	v, _ := a.Result()
	e.Value(v)
}

func (a *merging) Restore(d *value.Decoder) {
	switch v := d.Value(); v.Kind() {
	case value.Null:
	case value.Object:
		a.fields = v.Object()
	default:
		d.Fail(fmt.Errorf("merged fields of kind %s", v.Kind()))
	}
}
