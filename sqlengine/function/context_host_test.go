package function

import (
	"errors"
	"testing"

	"sluice/sqlengine/value"
)

func TestKeyedState(t *testing.T) {
	checkCalls(t, testContext(), `{"k": "shift", "t": "bigint", "bad": "int", "n": null, "d": "none"}`, map[string]string{
		`get_keyed_state(k, t, 0)`: `2`, `get_keyed_state(k, "float", 0)`: `2`, `get_keyed_state(k, "datetime", 0)`: `error`, `get_keyed_state(k, bad, 0)`: `error`,
		`get_keyed_state("x", "bigint", d)`: `"none"`, `get_keyed_state("x", t, n)`: `null`, `get_keyed_state(n, t, 0)`: `error`, `get_keyed_state(k, n, 0)`: `error`,
		`get_keyed_state(1, t, 0)`: `error`,
	})
	_, err := mustScalar(t, "get_keyed_state").Bind([]Arg{{}, literal(value.OfString("int")), {}})
	var bad *BindError
	if !errors.As(err, &bad) || bad.Arg != 1 || bad.Hint == "" {
		t.Errorf("%#v", err)
	}
}

// TestHostWithout: a host that has no properties and no store.
func TestHostWithout(t *testing.T) {
	c := testContext()
	c.Prop, c.KeyedState = nil, nil
	checkCalls(t, c, `{"k": "shift"}`, map[string]string{`props(k)`: `null`, `get_keyed_state(k, "bigint", 7)`: `7`})
}

// TestKeyedStateKind: the kind of the result is known where that of the
// default is the one wanted.
func TestKeyedStateKind(t *testing.T) {
	bigint := literal(value.OfString("bigint"))
	for _, c := range []struct {
		otherwise Arg
		want      value.Kind
	}{{literal(value.OfInt(0)), value.Int}, {literal(value.Value{}), value.Int}, {literal(value.OfString("")), value.Null}, {Arg{}, value.Null}} {
		b, err := mustScalar(t, "get_keyed_state").Bind([]Arg{{}, bigint, c.otherwise})
		if err != nil || b.Result != c.want {
			t.Errorf("with %v: %v, %v; want %v", c.otherwise, b.Result, err, c.want)
		}
	}
}
