package function

import (
	"errors"
	"math"
	"strings"
	"testing"

	"sluice/sqlengine/value"
)

func mustScalar(t testing.TB, name string) *Scalar {
	t.Helper()
	f, ok := Builtin().Scalar(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	return f
}

func literal(v value.Value) Arg { return Arg{Kind: v.Kind(), Literal: true, Value: v} }

func TestBindRefuses(t *testing.T) {
	text, one := literal(value.OfString("1")), literal(value.OfInt(1))
	for _, c := range []struct {
		name string
		args []Arg
		arg  int
		msg  string
	}{
		{"round", nil, -1, "round takes 1 to 2 arguments, not 0"},
		{"pi", []Arg{one}, -1, "pi takes no argument, not 1"},
		{"concat", nil, -1, "concat takes one argument or more, not 0"},
		{"sqrt", []Arg{one, one}, -1, "sqrt takes one argument, not 2"},
		{"atan2", []Arg{one}, -1, "atan2 takes 2 arguments, not 1"},
		{"object_concat", []Arg{{}}, -1, "object_concat takes 2 arguments or more, not 1"},
		{"sqrt", []Arg{text}, 0, "argument 1 of sqrt must be a number, not STRING"},
		{"abs", []Arg{{Kind: value.Bool}}, 0, "argument 1 of abs must be BIGINT or a number, not BOOLEAN"},
		{"concat", []Arg{{}, one}, 1, "argument 2 of concat must be text, not BIGINT"},
		{"bitand", []Arg{one, literal(value.OfFloat(1.5))}, 1, "argument 2 of bitand must be BIGINT, not 1.5"},
		{"conv", []Arg{{}, {}, one}, 1, "argument 2 of conv must be a literal"},
		{"hour", []Arg{literal(value.OfString("noon"))}, 0, `argument 1 of hour is no time: "noon" (write it as 2006-01-02 15:04:05 or in RFC 3339)`},
		{"regexp_matches", []Arg{{}, literal(value.OfString("("))}, 1, "error parsing regexp: missing closing ): `(`"},
		{"element_at", []Arg{{Kind: value.List}, {Kind: value.String}}, 1, "argument 2 of element_at must be BIGINT, not STRING"},
		{"cast", []Arg{{}, literal(value.OfString("int"))}, 1, `there is no type "int" to cast to`},
	} {
		_, err := mustScalar(t, c.name).Bind(c.args)
		var bad *BindError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v is no *BindError", c.name, err)
			continue
		}
		if bad.Arg != c.arg || bad.Msg != c.msg {
			t.Errorf("%s: argument %d, %q; want %d, %q", c.name, bad.Arg, bad.Msg, c.arg, c.msg)
		}
	}
}

func TestBindHints(t *testing.T) {
	_, err := mustScalar(t, "lower").Bind([]Arg{literal(value.OfInt(1))})
	var bad *BindError
	if !errors.As(err, &bad) || bad.Hint != "Write it in quotes." {
		t.Errorf("%#v", err)
	}
}

func TestBindChooses(t *testing.T) {
	abs := mustScalar(t, "abs")
	for _, c := range []struct {
		name string
		args []Arg
		want value.Kind
	}{
		{"abs", []Arg{{Kind: value.Int}}, value.Int},
		{"abs", []Arg{{Kind: value.Float}}, value.Float},
		{"abs", []Arg{{}}, value.Null},
		{"sqrt", []Arg{{}}, value.Float},
		{"coalesce", []Arg{{Kind: value.Int}, literal(value.Value{}), {Kind: value.Int}}, value.Int},
		{"coalesce", []Arg{{Kind: value.Int}, {Kind: value.String}}, value.Null},
		{"coalesce", []Arg{{Kind: value.Int}, {}}, value.Null},
		{"cast", []Arg{{}, literal(value.OfString("datetime"))}, value.Time},
	} {
		b, err := mustScalar(t, c.name).Bind(c.args)
		if err != nil || b.Result != c.want {
			t.Errorf("%s of %v is %v, %v; want %v", c.name, c.args, b.Result, err, c.want)
		}
	}
	unknown, err := abs.Bind([]Arg{{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, want value.Value }{
		{value.OfInt(-9007199254740993), value.OfInt(9007199254740993)}, {value.OfFloat(-1.5), value.OfFloat(1.5)}, {value.Missing, value.Value{}},
	} {
		v, err := unknown.Call(&Context{}, []value.Value{c.in})
		if err != nil || v != c.want {
			t.Errorf("abs of %v = %v, %v", toText(t, c.in), toText(t, v), err)
		}
	}
	_, err = unknown.Call(&Context{}, []value.Value{value.OfString("1")})
	if err == nil || err.Error() != "argument 1 of abs must be BIGINT or a number, not STRING" {
		t.Errorf("abs of a text: %v", err)
	}
}

// TestCallErrorsNameTheFunction: the error of a row tells where it arose.
func TestCallErrorsNameTheFunction(t *testing.T) {
	b, err := mustScalar(t, "sqrt").Bind([]Arg{{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = b.Call(&Context{}, []value.Value{value.OfInt(-1)}); err == nil || !strings.HasPrefix(err.Error(), "sqrt: ") {
		t.Errorf("%v", err)
	}
	if _, err = b.Call(&Context{}, []value.Value{value.OfBool(true)}); err == nil || err.Error() != "argument 1 of sqrt must be a number, not BOOLEAN" {
		t.Errorf("%v", err)
	}
}

func TestNullRules(t *testing.T) {
	empty := []value.Value{{}, value.Missing, value.OfList(nil), value.OfObject(nil)}
	for name, want := range map[string]string{"lower": "null", "length": "0", "startswith": "false", "isnull": ""} {
		f := mustScalar(t, name)
		for _, v := range empty {
			args, values := []Arg{{}}, []value.Value{v}
			if name == "startswith" {
				args, values = append(args, Arg{}), append(values, value.OfString(""))
			}
			b, err := f.Bind(args)
			if err != nil {
				t.Fatal(err)
			}
			got, err := b.Call(&Context{}, values)
			if name == "isnull" {
				want = map[bool]string{true: "true", false: "false"}[v.IsNull()]
			}
			if err != nil || toText(t, got) != want {
				t.Errorf("%s(%s) = %s, %v; want %s", name, toText(t, v), toText(t, got), err, want)
			}
		}
	}
}

func TestAggregateBind(t *testing.T) {
	set := Builtin()
	for _, c := range []struct {
		name string
		args []Arg
		star bool
		want value.Kind
		err  string
	}{
		{"count", nil, true, value.Int, ""},
		{"COUNT", []Arg{{}}, false, value.Int, ""},
		{"count", nil, false, 0, "count takes one argument, not 0"},
		{"sum", nil, true, 0, "sum does not take *"},
		{"sum", []Arg{{Kind: value.String}}, false, 0, "argument 1 of sum must be a number, not STRING"},
		{"sum", []Arg{{Kind: value.Int}}, false, value.Int, ""},
		{"sum", []Arg{{}}, false, value.Null, ""},
		{"max", []Arg{{Kind: value.List}}, false, 0, "argument 1 of max must be a number, STRING or DATETIME, not ARRAY"},
		{"collect", nil, true, value.List, ""},
		{"last_value", []Arg{literal(value.OfBool(true))}, true, value.Object, ""},
		{"last_value", nil, true, 0, "last_value takes 2 arguments, not 1"},
		{"last_value", []Arg{{Kind: value.Int}, literal(value.OfInt(1))}, false, 0, "argument 2 of last_value must be BOOLEAN, not BIGINT"},
	} {
		f, ok := set.Aggregate(c.name)
		if !ok {
			t.Fatalf("no aggregate %s", c.name)
		}
		kind, err := f.Bind(c.args, c.star)
		switch {
		case c.err == "" && (err != nil || kind != c.want):
			t.Errorf("%s: %v, %v; want %v", c.name, kind, err, c.want)
		case c.err != "" && (err == nil || err.Error() != c.err):
			t.Errorf("%s: %v, want %s", c.name, err, c.err)
		}
	}
}

// strict are the usual numeric functions, whose calls must not allocate.
var strict = []struct {
	name string
	args []value.Value
}{
	{"abs", []value.Value{value.OfInt(-5)}},
	{"round", []value.Value{value.OfFloat(25.987)}},
	{"round", []value.Value{value.OfFloat(25.987), value.OfInt(2)}},
	{"trunc", []value.Value{value.OfFloat(25.987), value.OfInt(1)}},
	{"sqrt", []value.Value{value.OfInt(2)}},
	{"power", []value.Value{value.OfFloat(1.5), value.OfInt(3)}},
	{"bitand", []value.Value{value.OfInt(12), value.OfInt(10)}},
	{"mod", []value.Value{value.OfInt(12), value.OfInt(10)}},
	{"length", []value.Value{value.OfString("boiler")}},
	{"startswith", []value.Value{value.OfString("boiler"), value.OfString("b")}},
	{"regexp_matches", []value.Value{value.OfString("boiler"), value.OfString("o.l")}},
	{"hour", []value.Value{value.OfInt(1709210096789)}},
}

// bindStrict binds to columns of these kinds, or of unknown kind.
func bindStrict(b testing.TB, name string, values []value.Value, typed bool) Bound {
	b.Helper()
	args := make([]Arg, len(values))
	for i, v := range values {
		if typed {
			args[i] = Arg{Kind: v.Kind()}
		}
	}
	bound, err := mustScalar(b, name).Bind(args)
	if err != nil {
		b.Fatal(err)
	}
	return bound
}

func BenchmarkCall(b *testing.B) {
	for _, s := range strict {
		b.Run(s.name, func(b *testing.B) {
			bound := bindStrict(b, s.name, s.args, true)
			c, args := testContext(), make([]value.Value, len(s.args))
			b.ReportAllocs()
			for b.Loop() {
				copy(args, s.args)
				if _, err := bound.Call(c, args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestRoundAgreesWithDecimals: places beyond the digits change nothing, and
// the sign does not matter.
func TestRoundAgreesWithDecimals(t *testing.T) {
	for _, c := range []struct {
		f      float64
		places int64
		round  float64
		cut    float64
	}{
		{1.005, 2, 1.01, 1.0}, {2.675, 2, 2.68, 2.67}, {0.5, 0, 1, 0}, {0.05, 0, 0, 0}, {0.06, 1, 0.1, 0}, {99.99, 1, 100, 99.9},
		{1.8e306, 2, 1.8e306, 1.8e306}, {1.8e306, -306, 2e306, 1e306}, {5e-324, 2, 0, 0}, {5e-324, 324, 5e-324, 5e-324}, {150, -2, 200, 100},
		{49, -2, 0, 0}, {50, -2, 100, 0}, {12.5, 9e18, 12.5, 12.5}, {12.5, math.MinInt64, 0, 0}, {0, 2, 0, 0}, {0, -2, 0, 0},
	} {
		for _, sign := range []float64{1, -1} {
			if got := roundTo(sign*c.f, c.places); got != sign*c.round {
				t.Errorf("round(%v, %d) = %v, want %v", sign*c.f, c.places, got, sign*c.round)
			}
			if got := cutTo(sign*c.f, c.places); got != sign*c.cut {
				t.Errorf("trunc(%v, %d) = %v, want %v", sign*c.f, c.places, got, sign*c.cut)
			}
		}
	}
}

// TestEmptyIsNullForAnyOverload: the NULL rule comes before the choice.
func TestEmptyIsNullForAnyOverload(t *testing.T) {
	for _, name := range []string{"abs", "chr", "log", "items"} {
		b, err := mustScalar(t, name).Bind([]Arg{{}})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := b.Call(testContext(), []value.Value{value.OfList(nil)}); err != nil || !v.IsNull() {
			t.Errorf("%s of an empty array is %v, %v", name, v, err)
		}
	}
}
