package function

import (
	"fmt"
	"sync/atomic"

	"sluice/sqlengine/value"
)

// arrayMap needs the set, in which it looks the named function up.
func arrayMap(set *Set) *Scalar {
	o := Overload{Params: []Param{String, List}, Result: value.List}
	o.Prepare = func(args []Arg) (Bound, error) {
		var last atomic.Pointer[mapped]
		if name := args[0]; name.Literal && !name.Value.IsNull() {
			m, err := bindMapped(set, name.Value.Str())
			if err != nil {
				return Bound{}, err
			}
			last.Store(m)
		}
		return Bound{Call: func(c *Context, args []value.Value) (value.Value, error) {
			m := last.Load()
			if m == nil || m.name != args[0].Str() {
				var err error
				if m, err = bindMapped(set, args[0].Str()); err != nil {
					return value.Value{}, err
				}
				last.Store(m)
			}
			return m.apply(c, args[1].List())
		}}, nil
	}
	return &Scalar{
		Name: "array_map", Section: arrays, Summary: "The array of the results of a function of one argument, given by name, for each element; elements that are NULL stay NULL.",
		Overloads: []Overload{o},
		Examples: []Example{
			{`array_map("abs", array_create(-1, 2.5))`, `[1,2.5]`}, {`array_map("abs", parse_json("[-1, null]"))`, `[1,null]`},
			{`array_map("power", array_create(1))`, `error`}, {`array_map("avg", array_create(1))`, `error`},
		},
	}
}

// mapped is the function that a call place of array_map used last.
type mapped struct {
	name string
	call Call
}

func bindMapped(set *Set, name string) (*mapped, error) {
	f, ok := set.Scalar(name)
	if !ok {
		return nil, fmt.Errorf("there is no function %q of one value", name)
	}
	b, err := f.Bind([]Arg{{}})
	if err != nil {
		return nil, err
	}
	return &mapped{name: name, call: b.Call}, nil
}

func (m *mapped) apply(c *Context, l []value.Value) (value.Value, error) {
	out, arg := make([]value.Value, len(l)), make([]value.Value, 1)
	for i, v := range l {
		if v.IsNull() {
			continue
		}
		arg[0] = v
		var err error
		if out[i], err = m.call(c, arg); err != nil {
			return value.Value{}, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return value.OfList(out), nil
}
