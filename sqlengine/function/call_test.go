package function

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"text/scanner"
	"time"

	"sluice/sqlengine/value"
)

// expr is a call as the examples and the conformance cases write it: calls,
// literals, columns and * .
type expr struct {
	call    string // name of a function
	column  string
	star    bool
	literal value.Value
	args    []expr
}

// fataler is what tests and rapid's checks have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

type reader struct{ scanner.Scanner }

func readExpr(t fataler, sql string) expr {
	t.Helper()
	r := &reader{}
	r.Init(strings.NewReader(sql))
	r.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanFloats | scanner.ScanStrings
	r.Scanner.Error = func(_ *scanner.Scanner, msg string) { t.Fatalf("%s: %s", sql, msg) }
	e, err := r.expr(r.Scan())
	if err == nil && r.Scan() != scanner.EOF {
		err = fmt.Errorf("%q is left over", r.TokenText())
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return e
}

func (r *reader) expr(tok rune) (expr, error) {
	switch tok {
	case '*':
		return expr{star: true}, nil
	case scanner.String:
		s, err := strconv.Unquote(r.TokenText())
		return expr{literal: value.OfString(s)}, err
	case '-':
		e, err := r.expr(r.Scan())
		switch e.literal.Kind() {
		case value.Int:
			e.literal = value.OfInt(-e.literal.Int())
		case value.Float:
			e.literal = value.OfFloat(-e.literal.Float())
		default:
			return e, fmt.Errorf("- before no number")
		}
		return e, err
	case scanner.Int, scanner.Float:
		v, err := numberOf(r.TokenText())
		return expr{literal: v}, err
	case scanner.Ident:
		return r.name(r.TokenText())
	}
	return expr{}, fmt.Errorf("unexpected %q", r.TokenText())
}

func (r *reader) name(name string) (expr, error) {
	if r.Peek() == '(' {
		return r.callOf(name)
	}
	switch name {
	case "NULL":
		return expr{}, nil
	case "true", "false":
		return expr{literal: value.OfBool(name == "true")}, nil
	}
	return expr{column: name}, nil
}

func (r *reader) callOf(name string) (expr, error) {
	e := expr{call: name}
	r.Scan()
	for tok := r.Scan(); tok != ')'; tok = r.Scan() {
		arg, err := r.expr(tok)
		if err != nil {
			return e, err
		}
		e.args = append(e.args, arg)
		if tok = r.Scan(); tok == ')' {
			break
		}
		if tok != ',' {
			return e, fmt.Errorf("unexpected %q in the arguments of %s", r.TokenText(), name)
		}
	}
	return e, nil
}

// numberOf is BIGINT for a number without a point or exponent.
func numberOf(s string) (value.Value, error) {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		return value.OfFloat(f), err
	}
	i, err := strconv.ParseInt(s, 10, 64)
	return value.OfInt(i), err
}

// evaluator computes calls over columns.
type evaluator struct {
	set     *Set
	context *Context
	columns map[string]value.Value
	typed   bool // the kinds of the columns are known to Bind
}

func (ev *evaluator) eval(e expr) (value.Value, Arg, error) {
	switch {
	case e.column != "":
		v, ok := ev.columns[e.column]
		if !ok {
			v = value.Missing
		}
		if ev.typed {
			return v, Arg{Kind: v.Kind()}, nil
		}
		return v, Arg{}, nil
	case e.call == "":
		return e.literal, Arg{Kind: e.literal.Kind(), Literal: true, Value: e.literal}, nil
	}
	f, ok := ev.set.Scalar(e.call)
	if !ok {
		return value.Value{}, Arg{}, fmt.Errorf("no function %q", e.call)
	}
	args, values := make([]Arg, len(e.args)), make([]value.Value, len(e.args))
	for i, a := range e.args {
		var err error
		if values[i], args[i], err = ev.eval(a); err != nil {
			return value.Value{}, Arg{}, err
		}
	}
	b, err := f.Bind(args)
	if err != nil {
		return value.Value{}, Arg{}, err
	}
	v, err := b.Call(ev.context, values)
	if err == nil && b.Result != value.Null && !v.IsNull() && v.Kind() != b.Result {
		err = fmt.Errorf("%s returned %s where Bind told %s", e.call, v.Kind(), b.Result)
	}
	return v, Arg{Kind: b.Result}, err
}

// testContext is a moment in a window: 2024-02-29 12:34:56.789 UTC.
func testContext() *Context {
	moment := time.UnixMilli(1709210096789)
	return &Context{
		RuleID:    "rule1",
		RuleStart: time.UnixMilli(1709210000000).UnixNano(),
		Now:       func() time.Time { return moment },
		Location:  time.UTC,
		RowTime:   time.UnixMilli(1709210096000).UnixNano(),
		Window: &Window{
			Start:   time.UnixMilli(1709210090000).UnixNano(),
			End:     time.UnixMilli(1709210100000).UnixNano(),
			Trigger: time.UnixMilli(1709210100000).UnixNano(),
		},
		Hits: &Hits{
			Rows:    Hit{Count: 3, Time: time.UnixMilli(1709210095000).UnixNano()},
			Results: Hit{Count: 2, Time: time.UnixMilli(1709210090000).UnixNano()},
		},
		Prop:       func(name string) (string, bool) { return "north", name == "plant" },
		KeyedState: func(key string) (value.Value, bool) { return value.OfString("2"), key == "shift" },
	}
}

// decodeJSON reads JSON with the texts of its numbers kept.
func decodeJSON(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// valueOf takes over decoded JSON: BIGINT where a number has no point.
func valueOf(t testing.TB, v any) value.Value {
	t.Helper()
	switch v := v.(type) {
	case json.Number:
		n, err := numberOf(v.String())
		if err != nil {
			t.Fatal(err)
		}
		return n
	case []any:
		l := make([]value.Value, len(v))
		for i, e := range v {
			l[i] = valueOf(t, e)
		}
		return value.OfList(l)
	case map[string]any:
		var names []string
		var l []value.Value
		for name, e := range v {
			names, l = append(names, name), append(l, valueOf(t, e))
		}
		return value.OfObject(value.FieldsOf(names, l))
	}
	return fromJSON(v)
}

func toText(t testing.TB, v value.Value) string {
	t.Helper()
	b, err := v.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
