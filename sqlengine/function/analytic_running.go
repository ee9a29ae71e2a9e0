package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

const runningText = " since the start of the rule; with two conditions, from a row with the first one up to and with a row with the second one, and 0 outside. NULL is ignored."

var accSum = runningFunction("acc_sum", "The sum of the values", Number, value.Float, runningKind{add, (*running).float},
	AnalyticExample{`acc_sum(a)`, `[{"a":1},{"a":null},{"a":2.5}]`, `[1,1,3.5]`},
	AnalyticExample{`acc_sum(a, b, false)`, `[{"a":1},{"a":2,"b":true},{"a":3}]`, `[0,2,5]`},
)

var accAvg = runningFunction("acc_avg", "The mean of the values", Number, value.Float, runningKind{add, (*running).mean},
	AnalyticExample{`acc_avg(a)`, `[{"a":1},{"a":2},{"a":null},{"a":6}]`, `[1,1.5,1.5,3]`},
)

var accMax = runningFunction("acc_max", "The greatest value", Number, value.Float,
	runningKind{func(r *running, x float64) {
		if r.n == 0 || x > r.x {
			r.x = x
		}
	}, (*running).float},
	AnalyticExample{`acc_max(a)`, `[{"a":null},{"a":-2},{"a":-1},{"a":-3}]`, `[0,-2,-1,-1]`},
)

var accMin = runningFunction("acc_min", "The least value", Number, value.Float,
	runningKind{func(r *running, x float64) {
		if r.n == 0 || x < r.x {
			r.x = x
		}
	}, (*running).float},
	AnalyticExample{`acc_min(a)`, `[{"a":2},{"a":1},{"a":3}]`, `[2,1,1]`},
)

var accCount = runningFunction("acc_count", "The number of values", Any, value.Int, runningKind{func(*running, float64) {}, (*running).count},
	AnalyticExample{`acc_count(a)`, `[{"a":1},{"a":null},{"a":"x"}]`, `[1,1,2]`},
	AnalyticExample{`acc_count(*)`, `[{"a":1},{"b":1}]`, `[1,2]`},
	AnalyticExample{`acc_count(a, true, b)`, `[{"a":1},{"a":2,"b":true},{"a":3}]`, `[1,2,1]`},
)

// runningKind is what is special of one of the functions.
type runningKind struct {
	fold  func(r *running, x float64)
	value func(r *running) (value.Value, error)
}

func runningFunction(name, what string, p Param, result value.Kind, kind runningKind, examples ...AnalyticExample) *Analytic {
	return &Analytic{
		Name: name, Section: analytics, Summary: what + runningText,
		Params: []Param{p, Bool, Bool}, Optional: 2, Star: true, Result: resultOf(result),
		Prepare: func(args []Arg) (func() Memory, error) {
			if len(args) == 2 {
				return nil, &BindError{Arg: -1, Msg: name + " takes one argument or three, not two",
					Hint: "Behind the value stand the condition of its begin and that of its end."}
			}
			return func() Memory { return &running{kind: &kind} }, nil
		},
		Examples: examples,
	}
}

// running is a value that is folded from row to row.
type running struct {
	kind  *runningKind
	x     float64
	n     int64
	begun bool // a row with the first condition came, and none with the second since
	last  value.Value
}

func add(r *running, x float64) { r.x += x }

func (r *running) float() (value.Value, error) { return number(r.x) }
func (r *running) count() (value.Value, error) { return value.OfInt(r.n), nil }

func (r *running) mean() (value.Value, error) { return number(r.x / float64(max(r.n, 1))) }

func (r *running) Next(args []value.Value) (value.Value, error) {
	conditional := len(args) > 1
	if conditional && !r.begun {
		r.x, r.n, r.begun = 0, 0, args[1].True()
	}
	if (!conditional || r.begun) && !args[0].IsNull() {
		x, _ := args[0].Number()
		r.kind.fold(r, x)
		r.n++
	}
	if conditional && args[2].True() {
		r.begun = false
	}
	v, err := r.kind.value(r)
	if err == nil {
		r.last = v
	}
	return v, err
}

func (r *running) Skip([]value.Value) value.Value {
	if r.last.IsNull() {
		v, _ := r.kind.value(r) // of nothing: 0
		return v
	}
	return r.last
}

func (r *running) Snapshot(e *value.Encoder) {
	e.Float(r.x)
	e.Int(r.n)
	e.Bool(r.begun)
	e.Value(r.last)
}

func (r *running) Restore(d *value.Decoder) {
	r.x, r.n, r.begun, r.last = d.Float(), d.Int(), d.Bool(), d.Value()
	if k := r.last.Kind(); r.n < 0 || k != value.Null && k != value.Float && k != value.Int {
		d.Fail(fmt.Errorf("a running value of %d rows that is a %s", r.n, k))
	}
}
