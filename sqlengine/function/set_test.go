package function

import (
	"slices"
	"strings"
	"testing"

	"sluice/sqlengine/value"
)

func TestLookUp(t *testing.T) {
	set := Builtin()
	for _, name := range []string{"power", "pow", "POW", "Ceiling", "local_timestamp", "day_of_month"} {
		if _, ok := set.Scalar(name); !ok {
			t.Errorf("no function %s", name)
		}
	}
	if _, ok := set.Aggregate("Sum"); !ok {
		t.Error("no aggregate Sum")
	}
	if _, ok := set.Analytic("Lag"); !ok {
		t.Error("no analytic function Lag")
	}
	if _, ok := set.Scalar("sum"); ok {
		t.Error("sum is a scalar")
	}
	if _, ok := set.Aggregate("abs"); ok {
		t.Error("abs is an aggregate")
	}
	names := set.Names()
	if !slices.IsSorted(names) || !slices.Contains(names, "pow") || !slices.Contains(names, "avg") || len(names) < 130 {
		t.Errorf("%d names", len(names))
	}
}

func TestSetRefuses(t *testing.T) {
	call := func(*Context, []value.Value) (value.Value, error) { return value.Value{}, nil }
	o := []Overload{{Call: call}}
	set := NewSet()
	if err := set.Add(&Scalar{Name: "one", Aliases: []string{"eins", "uno"}, Overloads: o}); err != nil {
		t.Fatal(err)
	}
	for want, err := range map[string]error{
		`function "one" is registered twice`:                   set.Add(&Scalar{Name: "one", Overloads: o}),
		`function "eins" is registered twice`:                  set.AddAggregate(&Aggregate{Name: "eins", New: sum.New, Result: sum.Result}),
		`function "two" has no overload`:                       set.Add(&Scalar{Name: "two"}),
		`function "Two": a name is lower case and not empty`:   set.Add(&Scalar{Name: "Two", Overloads: o}),
		`function "": a name is lower case and not empty`:      set.Add(&Scalar{Overloads: o}),
		`aggregate "total" has no New or no Result`:            set.AddAggregate(&Aggregate{Name: "total"}),
		`analytic function "lead" has no Prepare or no Result`: set.AddAnalytic(&Analytic{Name: "lead"}),
		`function "uno" is registered twice`:                   set.AddAnalytic(&Analytic{Name: "uno", Prepare: lag.Prepare, Result: lag.Result}),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestBuiltinIsFresh: what is added to one set is not in another.
func TestBuiltinIsFresh(t *testing.T) {
	one := Builtin()
	if err := one.Add(&Scalar{Name: "ours", Overloads: pi.Overloads}); err != nil {
		t.Fatal(err)
	}
	if _, ok := Builtin().Scalar("ours"); ok {
		t.Error("sets share their functions")
	}
}

func TestSignatures(t *testing.T) {
	set := Builtin()
	for name, want := range map[string]string{
		"round": "round(number [, BIGINT]) → FLOAT", "now": "now([BIGINT]) → STRING", "pi": "pi() → FLOAT",
		"concat": "concat(text, …) → STRING", "log": "log(number) → FLOAT | log(number, number) → FLOAT", "coalesce": "coalesce(any, …) → any",
	} {
		f, _ := set.Scalar(name)
		if got := strings.Join(f.Signatures(), " | "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for name, want := range map[string]string{
		"sum": "sum(number) → as the argument", "count": "count(any) → BIGINT | count(*) → BIGINT", "collect": "collect(any) → ARRAY | collect(*) → ARRAY",
		"last_value": "last_value(any, BOOLEAN) → as the argument | last_value(*, BOOLEAN) → as the argument",
	} {
		f, _ := set.Aggregate(name)
		if got := strings.Join(f.Signatures(), " | "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestSpecialsAreNotInTheSet: they are documented once.
func TestSpecialsAreNotInTheSet(t *testing.T) {
	set := Builtin()
	for _, s := range Specials() {
		checkSentence(t, s.Summary, s.Section)
		if _, ok := set.Scalar(s.Name); ok || !strings.HasPrefix(s.Signature, s.Name+"(") {
			t.Errorf("%s", s.Name)
		}
	}
}
