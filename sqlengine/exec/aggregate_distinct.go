package exec

import (
	"slices"

	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// distinct is the aggregate over different arguments.
func distinct(f *function.Aggregate) *function.Aggregate {
	g := *f
	g.Holistic = true
	g.New = func() function.Accumulator { return &distinctRows{make: f.New, inner: f.New()} }
	return &g
}

// distinctRows lets equal arguments into an accumulator once. It keeps them, as
// two that have seen the same ones cannot be merged otherwise.
type distinctRows struct {
	make  func() function.Accumulator
	inner function.Accumulator
	seen  map[string]bool
	rows  [][]value.Value // in the order in which they came
	key   []byte
	err   error // of a merge
}

func (a *distinctRows) Add(args []value.Value) error {
	a.key = a.key[:0]
	for _, v := range args {
		a.key = value.AppendKey(a.key, v)
	}
	if a.seen[string(a.key)] {
		return nil
	}
	if a.seen == nil {
		a.seen = map[string]bool{}
	}
	a.seen[string(a.key)] = true
	a.rows = append(a.rows, slices.Clone(args))
	return a.inner.Add(args)
}

func (a *distinctRows) Merge(other function.Accumulator) {
	o := other.(*distinctRows)
	err := o.err
	for _, args := range o.rows {
		if e := a.Add(args); err == nil {
			err = e
		}
	}
	if a.err == nil {
		a.err = err
	}
}

func (a *distinctRows) Result() (value.Value, error) {
	if a.err != nil {
		return value.Value{}, a.err
	}
	return a.inner.Result()
}

func (a *distinctRows) Snapshot(e *value.Encoder) {
	e.Uint(uint64(len(a.rows)))
	for _, args := range a.rows {
		e.Values(args)
	}
}

func (a *distinctRows) Restore(d *value.Decoder) {
	*a = distinctRows{make: a.make, inner: a.make()}
	for range d.Count() {
		args := d.Values()
		if d.Err() != nil {
			return
		}
		if err := a.Add(args); err != nil && a.err == nil {
			a.err = err
		}
	}
}
