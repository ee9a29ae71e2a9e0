package function

import (
	"fmt"
	"math"

	"sluice/sqlengine/value"
)

var (
	variance = deviation("var", "The variance of the values taken as the whole population.", 0, identity,
		AggregateExample{`var(x)`, `[2, 4, null, 4, 4, 5, 5, 7, 9]`, `4`}, AggregateExample{`var(x)`, `[]`, `null`})
	stddev = deviation("stddev", "The standard deviation of the values taken as the whole population.", 0, math.Sqrt,
		AggregateExample{`stddev(x)`, `[2, 4, 4, 4, 5, 5, 7, 9]`, `2`}, AggregateExample{`stddev(x)`, `["a"]`, `error`})
	sampleVariance = deviation("vars", "The variance of the values taken as a sample; NULL for a single value.", 1, identity,
		AggregateExample{`vars(x)`, `[1, 2, 3]`, `1`}, AggregateExample{`vars(x)`, `[1]`, `null`})
	sampleStddev = deviation("stddevs", "The standard deviation of the values taken as a sample; NULL for a single value.", 1, math.Sqrt,
		AggregateExample{`stddevs(x)`, `[1, 3, 5]`, `2`})
)

func identity(x float64) float64 { return x }

func deviation(name, summary string, lost int64, finish func(float64) float64, examples ...AggregateExample) *Aggregate {
	return &Aggregate{
		Name: name, Section: aggregates, Summary: summary, Params: []Param{Number}, Examples: examples,
		Result: func([]value.Kind) value.Kind { return value.Float },
		New:    func() Accumulator { return &moments{name: name, lost: lost, finish: finish} },
	}
}

// moments follows the mean and the squared distances from it as rows come
// (Welford) and as panes merge (Chan, Golub, LeVeque): a sum of squares would
// cancel out where values are large and close together.
type moments struct {
	name   string
	lost   int64 // degrees of freedom: 1 for a sample
	finish func(float64) float64

	n       int64
	mean    float64
	squares float64
}

func (a *moments) Add(args []value.Value) error {
	if args[0].IsNull() {
		return nil
	}
	x, ok := args[0].Number()
	if !ok {
		return notNumber(a.name, args[0])
	}
	a.n++
	d := x - a.mean
	a.mean += d / float64(a.n)
	a.squares += d * (x - a.mean)
	return nil
}

func (a *moments) Merge(other Accumulator) {
	o := other.(*moments)
	if o.n == 0 {
		return
	}
	n, d := a.n+o.n, o.mean-a.mean
	share := float64(o.n) / float64(n)
	a.squares += o.squares + d*d*float64(a.n)*share
	a.mean += d * share
	a.n = n
}

func (a *moments) Result() (value.Value, error) {
	if a.n <= a.lost {
		return value.Value{}, nil
	}
	return number(a.finish(a.squares / float64(a.n-a.lost)))
}

// Reset implements Reusable.
func (a *moments) Reset() { a.n, a.mean, a.squares = 0, 0, 0 }

func (a *moments) Snapshot(e *value.Encoder) { e.Int(a.n); e.Float(a.mean); e.Float(a.squares) }

func (a *moments) Restore(d *value.Decoder) {
	a.n, a.mean, a.squares = d.Int(), d.Float(), d.Float()
	if a.n < 0 {
		d.Fail(fmt.Errorf("a deviation of %d values", a.n))
	}
}
