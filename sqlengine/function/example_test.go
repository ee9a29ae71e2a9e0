package function

import (
	"slices"
	"strings"
	"testing"

	"sluice/sqlengine/value"
)

// declared are the scalars of the set, each once.
func declared(set *Set) []*Scalar {
	var all []*Scalar
	for _, name := range set.Names() {
		if f, ok := set.Scalar(name); ok && f.Name == name {
			all = append(all, f)
		}
	}
	return all
}

func declaredAggregates(set *Set) []*Aggregate {
	var all []*Aggregate
	for _, name := range set.Names() {
		if f, ok := set.Aggregate(name); ok && f.Name == name {
			all = append(all, f)
		}
	}
	return all
}

func checkSentence(t *testing.T, summary, section string) {
	t.Helper()
	if summary == "" || !strings.HasSuffix(summary, ".") {
		t.Errorf("the summary %q is no sentence", summary)
	}
	if !slices.Contains(Sections(), section) {
		t.Errorf("there is no section %q", section)
	}
}

func TestExamples(t *testing.T) {
	set := Builtin()
	for _, f := range declared(set) {
		t.Run(f.Name, func(t *testing.T) {
			checkSentence(t, f.Summary, f.Section)
			if len(f.Examples) == 0 {
				t.Error("no example")
			}
			for _, example := range f.Examples {
				ev := &evaluator{set: set, context: testContext()}
				v, _, err := ev.eval(readExpr(t, example.SQL))
				switch {
				case err != nil && example.Want != "error":
					t.Errorf("%s: %v", example.SQL, err)
				case err == nil && toText(t, v) != example.Want:
					t.Errorf("%s = %s, want %s", example.SQL, toText(t, v), example.Want)
				}
			}
		})
	}
}

func TestAggregateExamples(t *testing.T) {
	for _, f := range declaredAggregates(Builtin()) {
		t.Run(f.Name, func(t *testing.T) {
			checkSentence(t, f.Summary, f.Section)
			if len(f.Examples) == 0 {
				t.Error("no example")
			}
			for _, example := range f.Examples {
				runAggregateExample(t, f, example)
			}
		})
	}
}

func runAggregateExample(t *testing.T, f *Aggregate, example AggregateExample) {
	t.Helper()
	call := readExpr(t, example.SQL)
	star := len(call.args) > 0 && call.args[0].star
	var args []Arg
	for _, a := range call.args {
		if a.star {
			continue
		}
		args = append(args, Arg{Kind: a.literal.Kind(), Literal: a.column == "", Value: a.literal})
	}
	kind, err := f.Bind(args, star)
	if err != nil {
		t.Errorf("%s: %v", example.SQL, err)
		return
	}
	v, err := aggregate(f, call, valueOf(t, decodeJSON(t, example.Rows)).List())
	switch {
	case err != nil && example.Want != "error":
		t.Errorf("%s over %s: %v", example.SQL, example.Rows, err)
	case err == nil && toText(t, v) != example.Want:
		t.Errorf("%s over %s = %s, want %s", example.SQL, example.Rows, toText(t, v), example.Want)
	case err == nil && kind != value.Null && !v.IsNull() && kind != v.Kind():
		t.Errorf("%s over %s is %s, but Bind told %s", example.SQL, example.Rows, v.Kind(), kind)
	}
}

// aggregate folds rows whose only column is x.
func aggregate(f *Aggregate, call expr, rows []value.Value) (value.Value, error) {
	a := f.New()
	for _, x := range rows {
		if err := a.Add(rowArgs(f, call, x)); err != nil {
			return value.Value{}, err
		}
	}
	return a.Result()
}

func rowArgs(f *Aggregate, call expr, x value.Value) []value.Value {
	var args []value.Value
	row := value.OfObject(&value.Fields{Names: []string{"x"}, Values: []value.Value{x}})
	for _, a := range call.args {
		switch {
		case a.star && f.Whole:
			args = append(args, row)
		case a.star:
		case a.column != "":
			args = append(args, x)
		default:
			args = append(args, a.literal)
		}
	}
	if f.Rows {
		args = append(args, row)
	}
	return args
}
