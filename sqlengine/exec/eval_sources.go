package exec

import (
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// firstPresent is the first of its arguments that the row has, be it NULL.
func (c compiler) firstPresent(e *plan.FirstPresent) Eval {
	list := c.list(e.Args)
	return func(f *Frame) value.Value {
		for _, x := range list {
			if v := x(f); !v.IsMissing() {
				return v
			}
		}
		return value.Missing
	}
}

// union puts the fields of objects together; the later ones win.
func (c compiler) union(e *plan.Union) Eval {
	list := c.list(e.Args)
	return func(f *Frame) value.Value {
		var names []string
		var values []value.Value
		for _, x := range list {
			if v := x(f); v.Kind() == value.Object {
				names, values = append(names, v.Object().Names...), append(values, v.Object().Values...)
			}
		}
		return value.OfObject(value.FieldsOf(names, values))
	}
}
