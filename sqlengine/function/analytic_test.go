package function

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

func declaredAnalytics(set *Set) []*Analytic {
	var all []*Analytic
	for _, name := range set.Names() {
		if f, ok := set.Analytic(name); ok {
			all = append(all, f)
		}
	}
	return all
}

func TestAnalyticExamples(t *testing.T) {
	set := Builtin()
	if n := len(declaredAnalytics(set)); n != 10 {
		t.Errorf("%d analytic functions, want 10", n)
	}
	for _, f := range declaredAnalytics(set) {
		t.Run(f.Name, func(t *testing.T) {
			checkSentence(t, f.Summary, f.Section)
			if len(f.Examples) == 0 {
				t.Error("no example")
			}
			for _, e := range f.Examples {
				got, err := runAnalytic(t, f, e.SQL, valueOf(t, decodeJSON(t, e.Rows)).List())
				if err != nil {
					t.Errorf("%s: %v", e.SQL, err)
				} else if text := toText(t, value.OfList(got)); text != e.Want {
					t.Errorf("%s of %s = %s, want %s", e.SQL, e.Rows, text, e.Want)
				}
			}
		})
	}
}

// analyticArgs are the arguments of a call as the planner knows them.
func analyticArgs(call expr) []Arg {
	var args []Arg
	for _, a := range call.args {
		switch {
		case a.star:
			args = append(args, Arg{Kind: value.Object, Star: true})
		case a.column != "":
			args = append(args, Arg{Name: a.column})
		default:
			args = append(args, Arg{Kind: a.literal.Kind(), Literal: true, Value: a.literal})
		}
	}
	return args
}

func runAnalytic(t *testing.T, f *Analytic, sql string, rows []value.Value) ([]value.Value, error) {
	call := readExpr(t, sql)
	bound, err := f.Bind(analyticArgs(call))
	if err != nil {
		return nil, err
	}
	m := bound.New()
	var results []value.Value
	for _, row := range rows {
		var args []value.Value
		for _, a := range call.args {
			switch {
			case a.star:
				args = append(args, row)
			case a.column != "":
				args = append(args, row.Object().Get(a.column))
			default:
				args = append(args, a.literal)
			}
		}
		if err := bound.Convert(testContext(), args); err != nil {
			return nil, err
		}
		v, err := m.Next(args)
		if err != nil {
			return nil, err
		}
		if bound.Result != value.Null && !v.IsNull() && v.Kind() != bound.Result {
			return nil, fmt.Errorf("the result is %s, Bind told %s", v.Kind(), bound.Result)
		}
		results = append(results, v)
	}
	return results, nil
}

// TestAnalyticRefuses: what can be known before a row comes is refused then.
func TestAnalyticRefuses(t *testing.T) {
	set := Builtin()
	for sql, want := range map[string]string{
		`lag()`:                        "lag takes 1 to 4 arguments, not 0",
		`lag(*)`:                       "argument 1 of lag cannot be *",
		`lag(a, b)`:                    "argument 2 of lag must be a literal",
		`lag(a, "x")`:                  "argument 2 of lag must be BIGINT, not STRING",
		`lag(a, 1.5)`:                  "argument 2 of lag must be BIGINT, not 1.5",
		`lag(a, -1)`:                   "lag looks back 0 to 1000000 rows, not -1",
		`lag(a, 1000001)`:              "lag looks back 0 to 1000000 rows, not 1000001",
		`changed_col(a)`:               "changed_col takes 2 arguments, not 1",
		`changed_col(1, a)`:            "argument 1 of changed_col must be BOOLEAN, not BIGINT",
		`had_changed(true)`:            "had_changed takes 2 arguments or more, not 1",
		`acc_sum(a, true)`:             "acc_sum takes one argument or three, not two",
		`acc_sum("a")`:                 "argument 1 of acc_sum must be a number, not STRING",
		`acc_sum(*)`:                   "argument 1 of acc_sum cannot be *",
		`acc_count(*, true)`:           "acc_count takes one argument or three, not two",
		`changed_cols(a, true, b)`:     "argument 1 of changed_cols must be a literal",
		`changed_cols("", true, 1)`:    "argument 3 of changed_cols has no name",
		`changed_cols("", true, a, a)`: `changed_cols has two arguments named "a"`,
		`changed_cols(NULL, true, a)`:  "the prefix of changed_cols is NULL",
		`changed_cols("", true)`:       "changed_cols takes 3 arguments or more, not 2",
	} {
		call := readExpr(t, sql)
		f, _ := set.Analytic(call.call)
		_, err := f.Bind(analyticArgs(call))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", sql, err, want)
		}
	}
}

// TestAnalyticMemory: a memory that is written and read back goes on as the
// one that was not, whatever the rows; and no damaged state panics.
func TestAnalyticMemory(t *testing.T) {
	for _, f := range declaredAnalytics(Builtin()) {
		for _, e := range f.Examples {
			t.Run(e.SQL, rapid.MakeCheck(func(t *rapid.T) { checkMemory(t, f, readExpr(t, e.SQL)) }))
		}
	}
}

func checkMemory(t *rapid.T, f *Analytic, call expr) {
	args := analyticArgs(call)
	bound, err := f.Bind(args)
	if err != nil {
		t.Fatal(err)
	}
	one, two := bound.New(), bound.New()
	for range rapid.IntRange(1, 12).Draw(t, "rows") {
		row := make([]value.Value, len(args))
		for i, a := range args {
			row[i] = a.Value
			if !a.Literal {
				row[i] = anyArgument(1).Draw(t, "argument")
			}
		}
		if bound.Convert(testContext(), row) != nil {
			continue
		}
		if rapid.Bool().Draw(t, "skip") {
			same(t, one.Skip(row), two.Skip(row))
			continue
		}
		v, err := one.Next(append([]value.Value(nil), row...))
		w, err2 := two.Next(row)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("%v and %v", err, err2)
		}
		same(t, v, w)
		e := &value.Encoder{}
		two.Snapshot(e)
		two = bound.New()
		d := value.NewDecoder(e.Bytes())
		two.Restore(d)
		if d.Err() != nil || d.Len() != 0 {
			t.Fatalf("%v, %d bytes left", d.Err(), d.Len())
		}
		bound.New().Restore(value.NewDecoder(damaged(t, e.Bytes())))
	}
}

func same(t *rapid.T, a, b value.Value) {
	if a.Kind() != b.Kind() || !value.Equal(a, b) {
		t.Fatalf("%v, after a restore %v", a, b)
	}
}

func damaged(t *rapid.T, state []byte) []byte {
	b := append([]byte(nil), state...)
	if len(b) > 0 {
		b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
	}
	return b
}
