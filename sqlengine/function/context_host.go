package function

import (
	"errors"

	"sluice/sqlengine/value"
)

var props = &Scalar{
	Name: "props", Section: context, Summary: "A named property of the host; NULL if it has none of this name.", Volatile: true,
	Overloads: []Overload{{
		Params: []Param{String}, Result: value.String,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			if c.Prop == nil {
				return value.Value{}, nil
			}
			s, ok := c.Prop(args[0].Str())
			if !ok {
				return value.Value{}, nil
			}
			return value.OfString(s), nil
		},
	}},
	Examples: []Example{{`props("plant")`, `"north"`}, {`props("unknown")`, `null`}},
}

var (
	errNoKey  = errors.New("the key is NULL")
	errNoType = errors.New("the type is NULL")
)

var getKeyedState = &Scalar{
	Name: "get_keyed_state", Section: context, Volatile: true,
	Summary: "The value under a key of the host's key-value store, as a type that cast knows; the third argument where the store has no such key.",
	Overloads: []Overload{{
		Params: []Param{String, String, Any}, Null: NullHandled,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			if args[1].IsNull() {
				return value.Value{}, errNoType
			}
			to, err := castTarget(args[1].Str())
			if err != nil {
				return value.Value{}, err
			}
			return keyedState(c, args[0], to, args[2])
		},
		Prepare: prepareKeyedState,
	}},
	Examples: []Example{
		{`get_keyed_state("shift", "bigint", 0)`, `2`}, {`get_keyed_state("shift", "string", "none")`, `"2"`}, {`get_keyed_state("unknown", "bigint", -1)`, `-1`},
		{`get_keyed_state("shift", "int", 0)`, `error`},
	},
}

func prepareKeyedState(args []Arg) (Bound, error) {
	if !args[1].Literal || args[1].Value.IsNull() {
		return Bound{}, nil
	}
	to, err := castTarget(args[1].Value.Str())
	if err != nil {
		return Bound{}, &BindError{Arg: 1, Msg: err.Error(), Hint: castTypes}
	}
	b := Bound{Call: func(c *Context, args []value.Value) (value.Value, error) { return keyedState(c, args[0], to, args[2]) }}
	if d := args[2]; d.Kind == to || d.Literal && d.Kind == value.Null {
		b.Result = to
	}
	return b, nil
}

func keyedState(c *Context, key value.Value, to value.Kind, otherwise value.Value) (value.Value, error) {
	if key.IsNull() {
		return value.Value{}, errNoKey
	}
	if c.KeyedState == nil {
		return otherwise, nil
	}
	v, ok := c.KeyedState(key.Str())
	if !ok {
		return otherwise, nil
	}
	return Cast(c, v, to)
}
