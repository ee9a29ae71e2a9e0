package function

import (
	"fmt"
	"math"
	"slices"

	"sluice/sqlengine/value"
)

var median = &Aggregate{
	Name: "median", Section: aggregates, Summary: "The value in the middle, or the mean of the two in the middle as FLOAT.",
	Params: []Param{Number},
	Result: func([]value.Kind) value.Kind { return value.Null },
	New:    func() Accumulator { return &percentile{name: "median", at: medianOf} }, Holistic: true,
	Examples: []AggregateExample{
		{`median(x)`, `[3, null, 1, 2]`, `2`}, {`median(x)`, `[1, 2, 4, 5]`, `3`}, {`median(x)`, `[1, 2]`, `1.5`}, {`median(x)`, `[null]`, `null`}, {`median(x)`, `["a"]`, `error`},
	},
}

var percentileCont = &Aggregate{
	Name: "percentile_cont", Section: aggregates, Summary: "The value below which a share of the values lies, a number from 0 to 1, interpolated between neighbours.",
	Params: []Param{Number, Number},
	Result: func([]value.Kind) value.Kind { return value.Float },
	New:    func() Accumulator { return &percentile{name: "percentile_cont", at: interpolated} }, Holistic: true,
	Examples: []AggregateExample{
		{`percentile_cont(x, 0.5)`, `[4, 1, 2]`, `2`}, {`percentile_cont(x, 0.25)`, `[1, 2]`, `1.25`}, {`percentile_cont(x, 1)`, `[1, 2]`, `2`},
		{`percentile_cont(x, 1.5)`, `[1]`, `error`}, {`percentile_cont(x, 0.5)`, `[]`, `null`},
	},
}

var percentileDisc = &Aggregate{
	Name: "percentile_disc", Section: aggregates, Summary: "The least of the values that a share of them, a number from 0 to 1, does not exceed.",
	Params: []Param{Number, Number},
	Result: func([]value.Kind) value.Kind { return value.Float },
	New:    func() Accumulator { return &percentile{name: "percentile_disc", at: nearestRank} }, Holistic: true,
	Examples: []AggregateExample{
		{`percentile_disc(x, 0.5)`, `[4, 1, 2]`, `2`}, {`percentile_disc(x, 0.5)`, `[1, 2, 3, 4]`, `2`}, {`percentile_disc(x, 0)`, `[3, 1]`, `1`}, {`percentile_disc(x, 1)`, `[3, 1]`, `3`},
	},
}

// percentile keeps all numbers of the group. The share is that of the last
// row; in practice it is a literal.
type percentile struct {
	name  string
	at    func(sorted []value.Value, share float64) value.Value
	share float64
	kept  []value.Value
}

func (a *percentile) Add(args []value.Value) error {
	if len(args) == 2 {
		share, ok := args[1].Number()
		if !ok || !(share >= 0 && share <= 1) {
			return fmt.Errorf("the second argument of %s must be a number from 0 to 1", a.name)
		}
		a.share = share
	}
	v := args[0]
	if v.IsNull() {
		return nil
	}
	if _, ok := v.Number(); !ok {
		return notNumber(a.name, v)
	}
	a.kept = append(a.kept, v)
	return nil
}

func (a *percentile) Merge(other Accumulator) {
	o := other.(*percentile)
	if len(o.kept) > 0 {
		a.kept, a.share = append(a.kept, o.kept...), o.share
	}
}

func (a *percentile) Result() (value.Value, error) {
	if len(a.kept) == 0 {
		return value.Value{}, nil
	}
	sorted := slices.Clone(a.kept)
	slices.SortFunc(sorted, func(x, y value.Value) int {
		order, _ := value.Compare(x, y)
		return order
	})
	return a.at(sorted, a.share), nil
}

func (a *percentile) Snapshot(e *value.Encoder) { e.Float(a.share); e.Values(a.kept) }

func (a *percentile) Restore(d *value.Decoder) {
	a.share, a.kept = d.Float(), d.Values()
	if !(a.share >= 0 && a.share <= 1) {
		d.Fail(fmt.Errorf("a share of %v", a.share))
	}
}

func floatOf(v value.Value) float64 {
	f, _ := v.Number()
	return f
}

func medianOf(sorted []value.Value, _ float64) value.Value {
	if n := len(sorted); n%2 == 1 {
		return sorted[n/2]
	}
	return interpolated(sorted, 0.5)
}

func interpolated(sorted []value.Value, share float64) value.Value {
	rank := share * float64(len(sorted)-1)
	low := int(rank)
	if low == len(sorted)-1 {
		return value.OfFloat(floatOf(sorted[low]))
	}
	part := rank - float64(low)
	return value.OfFloat(floatOf(sorted[low])*(1-part) + floatOf(sorted[low+1])*part)
}

// nearestRank allows for the rounding of the product: 0.55 of 100 is rank 55.
func nearestRank(sorted []value.Value, share float64) value.Value {
	rank := int(math.Ceil(share*float64(len(sorted)) - 1e-9))
	return value.OfFloat(floatOf(sorted[max(rank, 1)-1]))
}
