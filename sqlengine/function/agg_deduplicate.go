package function

import (
	"fmt"
	"slices"

	"sluice/sqlengine/value"
)

var deduplicate = &Aggregate{
	Name: "deduplicate", Section: aggregates,
	Summary: "With true the first row of each different value, as an array; with false the last row if its value is new in the group, else NULL.",
	Params:  []Param{Any, Bool}, Rows: true, Holistic: true,
	Result: func([]value.Kind) value.Kind { return value.Null },
	New:    func() Accumulator { return new(deduplicating) },
	Examples: []AggregateExample{
		{`deduplicate(x, true)`, `[1, 2, 1, null, null]`, `[{"x":1},{"x":2},{"x":null}]`}, {`deduplicate(x, false)`, `[1, 2]`, `{"x":2}`},
		{`deduplicate(x, false)`, `[1, 2, 1]`, `null`}, {`deduplicate(x, true)`, `[]`, `null`},
	},
}

// deduplicating keeps the first row of each value, in the order of the rows.
type deduplicating struct {
	keys map[string]bool
	list []distinctRow
	all  bool
	last distinctRow // the last row
	news bool        // the value of the last row was new
	key  []byte
}

type distinctRow struct {
	key string
	row value.Value
}

func (a *deduplicating) Add(args []value.Value) error {
	if k := args[1].Kind(); k != value.Bool {
		return fmt.Errorf("the second argument of deduplicate must be BOOLEAN, not %s", k)
	}
	a.all = args[1].True()
	a.key = value.AppendKey(a.key[:0], args[0])
	a.last = distinctRow{string(a.key), args[2]}
	a.news = a.take(a.last)
	return nil
}

// take keeps a row whose value is new.
func (a *deduplicating) take(r distinctRow) bool {
	if a.keys[r.key] {
		return false
	}
	if a.keys == nil {
		a.keys = map[string]bool{}
	}
	a.keys[r.key] = true
	a.list = append(a.list, r)
	return true
}

func (a *deduplicating) Merge(other Accumulator) {
	o := other.(*deduplicating)
	if len(o.list) == 0 {
		return
	}
	a.all, a.last = o.all, o.last
	a.news = o.news && !a.keys[o.last.key]
	for _, r := range o.list {
		a.take(r)
	}
}

func (a *deduplicating) Result() (value.Value, error) {
	switch {
	case len(a.list) == 0:
		return value.Value{}, nil
	case !a.all && a.news:
		return a.last.row, nil
	case !a.all:
		return value.Value{}, nil
	}
	rows := make([]value.Value, len(a.list))
	for i, r := range a.list {
		rows[i] = r.row
	}
	return value.OfList(rows), nil
}

func (a *deduplicating) Snapshot(e *value.Encoder) {
	e.Bool(a.all)
	e.Bool(a.news)
	for _, r := range append(slices.Clip(a.list), a.last) {
		e.Bool(true)
		e.String(r.key)
		e.Value(r.row)
	}
	e.Bool(false)
}

func (a *deduplicating) Restore(d *value.Decoder) {
	*a = deduplicating{all: d.Bool(), news: d.Bool()}
	var rows []distinctRow
	for d.Bool() && d.Err() == nil {
		rows = append(rows, distinctRow{d.String(), d.Value()})
	}
	if len(rows) == 0 {
		d.Fail(fmt.Errorf("deduplicate without a last row"))
		return
	}
	a.last = rows[len(rows)-1]
	for _, r := range rows[:len(rows)-1] {
		a.take(r)
	}
}
