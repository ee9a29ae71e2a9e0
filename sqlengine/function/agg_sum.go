package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

var sum = &Aggregate{
	Name: "sum", Section: aggregates, Summary: "The sum of the values: BIGINT when all are, else FLOAT.",
	Params: []Param{Number}, Result: sameKind,
	New: func() Accumulator { return new(summing) },
	Examples: []AggregateExample{
		{`sum(x)`, `[1, null, 2]`, `3`}, {`sum(x)`, `[1, 2.5]`, `3.5`}, {`sum(x)`, `[-5, 0.5]`, `-4.5`}, {`sum(x)`, `[null]`, `null`}, {`sum(x)`, `["a"]`, `error`},
		{`sum(x)`, `[9223372036854775807, 1]`, `error`}, {`sum(x)`, `[9223372036854775807, 1, -2]`, `9223372036854775806`},
	},
}

var avg = &Aggregate{
	Name: "avg", Section: aggregates, Summary: "The mean of the values; of BIGINTs it is cut to BIGINT, avg(x * 1.0) is not.",
	Params: []Param{Number}, Result: sameKind,
	New: func() Accumulator { return new(averaging) },
	Examples: []AggregateExample{
		{`avg(x)`, `[1, 2]`, `1`}, {`avg(x)`, `[-1, -2]`, `-1`}, {`avg(x)`, `[1.0, 2, null]`, `1.5`}, {`avg(x)`, `[]`, `null`},
	},
}

// sameKind is the kind of the first argument.
func sameKind(args []value.Kind) value.Kind { return args[0] }

// sums adds BIGINTs and FLOATs apart, so that the order of rows does not
// decide which of the two the result is.
type sums struct {
	ints    wide
	floats  float64
	n       int64
	isFloat bool
}

func (s *sums) add(name string, v value.Value) error {
	switch v.Kind() {
	case value.Null:
		return nil
	case value.Int:
		s.ints.add(wideOf(v.Int()))
	case value.Float:
		s.floats += v.Float()
		s.isFloat = true
	default:
		return notNumber(name, v)
	}
	s.n++
	return nil
}

func notNumber(name string, v value.Value) error {
	return fmt.Errorf("%s takes numbers, not %s", name, v.Kind())
}

func (s *sums) merge(o *sums) {
	s.ints.add(o.ints)
	s.floats += o.floats
	s.n += o.n
	s.isFloat = s.isFloat || o.isFloat
}

func (s *sums) total() float64 { return s.ints.float() + s.floats }

// Reset implements Reusable.
func (s *sums) Reset() { *s = sums{} }

func (s *sums) Snapshot(e *value.Encoder) {
	s.ints.snapshot(e)
	e.Float(s.floats)
	e.Int(s.n)
	e.Bool(s.isFloat)
}

func (s *sums) Restore(d *value.Decoder) {
	s.ints.restore(d)
	s.floats, s.n, s.isFloat = d.Float(), d.Int(), d.Bool()
	if s.n < 0 {
		d.Fail(fmt.Errorf("a sum of %d values", s.n))
	}
}

type summing struct{ sums }

func (a *summing) Add(args []value.Value) error { return a.add("sum", args[0]) }
func (a *summing) Merge(other Accumulator)      { a.merge(&other.(*summing).sums) }

func (a *summing) Result() (value.Value, error) {
	if a.n == 0 {
		return value.Value{}, nil
	}
	if a.isFloat {
		return number(a.total())
	}
	i, ok := a.ints.int64()
	if !ok {
		return value.Value{}, fmt.Errorf("sum: %w", errOverflow)
	}
	return value.OfInt(i), nil
}

type averaging struct{ sums }

func (a *averaging) Add(args []value.Value) error { return a.add("avg", args[0]) }
func (a *averaging) Merge(other Accumulator)      { a.merge(&other.(*averaging).sums) }

func (a *averaging) Result() (value.Value, error) {
	if a.n == 0 {
		return value.Value{}, nil
	}
	if a.isFloat {
		return number(a.total() / float64(a.n))
	}
	i, ok := a.ints.over(uint64(a.n))
	if !ok {
		return value.Value{}, fmt.Errorf("avg: %w", errOverflow) // of damaged state alone
	}
	return value.OfInt(i), nil
}
