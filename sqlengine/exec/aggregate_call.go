package exec

import (
	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// newAggregateCall compiles an aggregate. FILTER and DISTINCT make another
// aggregate of it, so that what folds rows need not know of them; the result of
// FILTER is an argument in front of the others.
func newAggregateCall(c compiler, a plan.AggregateCall) aggregateCall {
	call := aggregateCall{function: a.Function, text: a.Text, args: c.list(a.Args)}
	if a.Distinct {
		call.function = distinct(call.function)
	}
	if a.Filter != nil {
		call.function = filtered(call.function)
		call.args = c.behindFilter(a.Filter, call.args)
	}
	call.values = make([]value.Value, len(call.args))
	return call
}

// behindFilter evaluates arguments only for rows of a condition.
func (c compiler) behindFilter(cond plan.Expr, args []Eval) []Eval {
	test, pass := c.compile(cond), false
	list := []Eval{func(f *Frame) value.Value {
		pass = false
		if f.err != nil {
			return value.Value{}
		}
		ok, err := holds(f, test, cond)
		if err != nil {
			return f.Fail(err)
		}
		pass = ok
		return value.OfBool(ok)
	}}
	for _, arg := range args {
		list = append(list, func(f *Frame) value.Value {
			if !pass {
				return value.Value{}
			}
			return arg(f)
		})
	}
	return list
}

// filtered is the aggregate over the rows whose first argument is true.
func filtered(f *function.Aggregate) *function.Aggregate {
	g := *f
	g.New = func() function.Accumulator { return &filteredRows{inner: f.New(), unfed: f.Unfed} }
	return &g
}

// filteredRows lets only some rows into an accumulator.
type filteredRows struct {
	inner function.Accumulator
	fed   bool
	unfed value.Value // the result when no row was let in
}

func (a *filteredRows) Add(args []value.Value) error {
	if !args[0].True() {
		return nil
	}
	a.fed = true
	return a.inner.Add(args[1:])
}

func (a *filteredRows) Merge(other function.Accumulator) {
	o := other.(*filteredRows)
	a.fed = a.fed || o.fed
	a.inner.Merge(o.inner)
}

func (a *filteredRows) Result() (value.Value, error) {
	if !a.fed && !a.unfed.IsNull() {
		return a.unfed, nil
	}
	return a.inner.Result()
}

func (a *filteredRows) Snapshot(e *value.Encoder) { e.Bool(a.fed); a.inner.Snapshot(e) }
func (a *filteredRows) Restore(d *value.Decoder)  { a.fed = d.Bool(); a.inner.Restore(d) }
