package exec

import (
	"slices"

	"sluice/sqlengine/plan"
	op "sluice/sqlengine/plan/operator"
	"sluice/sqlengine/value"
)

func (c compiler) index(e *plan.Index) Eval {
	x, i := c.compile(e.X), c.compile(e.I)
	return func(f *Frame) value.Value {
		v, err := op.Index(x(f), i(f))
		if err != nil {
			return f.failAt(e, err)
		}
		return v
	}
}

func (c compiler) slice(e *plan.Slice) Eval {
	x, low, high := c.compile(e.X), c.sliceBound(e.Low), c.sliceBound(e.High)
	return func(f *Frame) value.Value {
		v, err := op.Slice(x(f), low(f), high(f))
		if err != nil {
			return f.failAt(e, err)
		}
		return v
	}
}

// sliceBound is a bound of a slice; Missing where none was written. A bound
// that is NULL is none that was not written.
func (c compiler) sliceBound(e plan.Expr) Eval {
	if e == nil {
		return func(*Frame) value.Value { return value.Missing }
	}
	x := c.compile(e)
	return func(f *Frame) value.Value {
		if v := x(f); !v.IsNull() {
			return v
		}
		return value.Value{}
	}
}

// call evaluates the arguments into a slice that is used again for every row.
func (c compiler) call(e *plan.Call) Eval {
	list := c.list(e.Args)
	args := make([]value.Value, len(list))
	call := e.Bound.Call
	return func(f *Frame) value.Value {
		for i, arg := range list {
			args[i] = arg(f)
		}
		if f.err != nil {
			return value.Value{}
		}
		v, err := call(&f.Context, args)
		if err != nil {
			return f.Fail(err)
		}
		return v
	}
}

// without makes a copy of an object that lacks some fields.
func (c compiler) without(e *plan.Without) Eval {
	x := c.compile(e.X)
	return func(f *Frame) value.Value {
		v := x(f)
		if v.Kind() != value.Object {
			return v
		}
		return withoutFields(v, e.Names)
	}
}

// withoutFields is an object without some fields, whose names are sorted.
func withoutFields(v value.Value, gone []string) value.Value {
	from, to := v.Object(), &value.Fields{}
	for i, name := range from.Names {
		if _, found := slices.BinarySearch(gone, name); !found {
			to.Names = append(to.Names, name)
			to.Values = append(to.Values, from.Values[i])
		}
	}
	return value.OfObject(to)
}

// object makes an object of the columns that the row has.
func (c compiler) object(e *plan.Struct) Eval {
	list := c.list(e.Args)
	return func(f *Frame) value.Value {
		names := make([]string, 0, len(list))
		values := make([]value.Value, 0, len(list))
		for i, x := range list {
			if v := x(f); !v.IsMissing() {
				names, values = append(names, e.Names[i]), append(values, v)
			}
		}
		return value.OfObject(value.FieldsOf(names, values))
	}
}
