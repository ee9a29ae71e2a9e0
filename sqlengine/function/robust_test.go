package function

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

// anyArgument draws values of all kinds, among them texts that functions read
// as numbers, times, JSON, patterns and function names.
func anyArgument(depth int) *rapid.Generator[value.Value] {
	gens := []*rapid.Generator[value.Value]{
		rapid.SampledFrom([]value.Value{{}, value.Missing, value.OfBool(true), value.OfBool(false)}),
		rapid.Map(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5, 40)), value.OfInt),
		rapid.Map(rapid.OneOf(rapid.Float64(), rapid.Float64Range(-5, 5), rapid.Map(rapid.IntRange(-9, 9), func(i int) float64 { return float64(i) })), value.OfFloat),
		rapid.Map(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"", "a", "key", "value", "a.b", "0x1f", "-17", "1.5", "2024-01-31 08:00:00", "2024-01-31T08:00:00+08:00", "1h30m", "base64", "aGVsbG8=",
			"bigint", "float", "string", "boolean", "bytea", "datetime", "{\"a\":[1]}", "(", "a*", "abs", "length", "de_DE", "$.a[*]", "$.key", "gzip", "Asia/Shanghai", "plant", "yyyy-MM-dd'T'HH:mm:ss.SSS", "true",
		})), value.OfString),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), value.OfBytes),
		rapid.Map(rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 2e18)), value.OfTime),
	}
	if depth > 0 {
		gens = append(gens, rapid.Map(rapid.SliceOfN(anyArgument(depth-1), 0, 4), value.OfList), rapid.Custom(func(t *rapid.T) value.Value {
			names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "key", "value"}), 0, 3).Draw(t, "names")
			l := make([]value.Value, len(names))
			for i := range l {
				l[i] = anyArgument(depth-1).Draw(t, "field")
			}
			return value.OfObject(value.FieldsOf(names, l))
		}))
	}
	return rapid.OneOf(gens...)
}

// TestAnyArguments: whatever a row holds, a call gives a value or an error,
// leaves the row as it is, keeps what Bind promised, and does the same whether
// the kinds were known to Bind or not.
func TestAnyArguments(t *testing.T) {
	for _, f := range declared(Builtin()) {
		t.Run(f.Name, rapid.MakeCheck(func(t *rapid.T) {
			o := rapid.SampledFrom(f.Overloads).Draw(t, "overload")
			most := len(o.Params)
			if o.Variadic {
				most += 3
			}
			row := rapid.SliceOfN(anyArgument(2), len(o.Params)-o.Optional, most).Draw(t, "row")
			got, ok := tryCall(t, f, o, row, false)
			typed, typedOK := tryCall(t, f, o, row, true)
			if ok && typedOK && !f.Volatile && (got.Kind() != typed.Kind() || !value.Equal(got, typed)) {
				t.Fatalf("%v of unknown kinds, %v of known kinds", got, typed)
			}
		}))
	}
}

func tryCall(t *rapid.T, f *Scalar, o Overload, row []value.Value, typed bool) (value.Value, bool) {
	args := make([]Arg, len(row))
	for i, v := range row {
		if typed {
			args[i].Kind = v.Kind()
		}
	}
	for _, i := range o.Literals {
		if i == len(row) {
			break
		}
		args[i] = Arg{Kind: row[i].Kind(), Literal: true, Value: row[i]}
	}
	bound, err := f.Bind(args)
	if err != nil {
		return value.Value{}, false
	}
	before := value.AppendKey(nil, value.OfList(row))
	v, err := bound.Call(testContext(), append([]value.Value(nil), row...))
	if after := value.AppendKey(nil, value.OfList(row)); !bytes.Equal(before, after) {
		t.Fatalf("the row was changed: %v", row)
	}
	if err == nil && bound.Result != value.Null && !v.IsNull() && v.Kind() != bound.Result {
		t.Fatalf("the result is %s, Bind told %s", v.Kind(), bound.Result)
	}
	return v, err == nil
}

// TestCallsShareABound: a Bound serves several goroutines.
func TestCallsShareABound(t *testing.T) {
	bound, err := mustScalar(t, "regexp_substr").Bind([]Arg{{}, {}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for _, pattern := range []string{"a+", "b+"} {
		go func() {
			for range 200 {
				v, err := bound.Call(&Context{}, []value.Value{value.OfString("aabb"), value.OfString(pattern)})
				if err != nil || v.Str() != pattern[:1]+pattern[:1] {
					t.Errorf("%s: %v, %v", pattern, v.Str(), err)
				}
			}
			done <- nil
		}()
	}
	<-done
	<-done
}
