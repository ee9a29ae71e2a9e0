package exec

import (
	"fmt"
	"slices"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// rowNumber numbers the rows of a window, within each partition in the order
// of its keys. The rows stay where they are.
type rowNumber struct {
	stage
	from      []int // slots of the input, copied to the front of the output
	partition []Eval
	order     *order         // compares the keys
	key       []byte         // used again for every row
	parts     map[string]int // used again for every batch, as are the next three
	rows      []numbered
	made      []value.Row
	out       value.Batch
}

// numbered is a row with its partition and its number there.
type numbered struct {
	sortRow
	part   int
	number int64
}

func newRowNumber(c compiler, step *plan.RowNumber, in layout) *rowNumber {
	r := &rowNumber{partition: c.list(step.Partition), order: newOrder(c, &plan.Order{Keys: step.Order}), parts: map[string]int{}}
	for _, id := range step.Keep {
		r.from = append(r.from, in[id])
	}
	return r
}

func (r *rowNumber) Push(b *value.Batch) error {
	r.begin(b)
	clear(r.parts)
	clear(r.rows)
	r.rows = r.rows[:0]
	r.each(b.Rows, r)
	if err := r.number(); err != nil {
		r.fail(err)
		return nil
	}
	if len(r.rows) == 0 && len(b.Rows) > 0 {
		return nil
	}
	r.made = r.made[:0]
	width := len(r.from) + 1
	cols := make([]value.Value, 0, width*len(r.rows))
	for i := range r.rows {
		row := &r.rows[i]
		for _, slot := range r.from {
			cols = append(cols, row.row.Cols[slot])
		}
		cols = append(cols, value.OfInt(row.number))
		r.made = append(r.made, value.Row{Time: row.row.Time, Cols: cols[len(cols)-width : len(cols) : len(cols)]})
	}
	r.out = value.Batch{Rows: r.made, Ack: b.Ack}
	return r.next.Push(&r.out)
}

func (r *rowNumber) evaluate(rows []value.Row) {
	for ; r.at < len(rows); r.at++ {
		f := r.look(&rows[r.at])
		row := numbered{sortRow: sortRow{rows[r.at], make([]value.Value, len(r.order.keys))}}
		for i, key := range r.order.keys {
			row.keys[i] = key(f)
		}
		r.key = r.key[:0]
		for _, p := range r.partition {
			r.key = value.AppendKey(r.key, p(f))
		}
		if f.err != nil {
			r.fail(f.Take())
			continue
		}
		row.part = r.part()
		r.rows = append(r.rows, row)
	}
}

// part is the index of the partition of the key.
func (r *rowNumber) part() int {
	i, ok := r.parts[string(r.key)]
	if !ok {
		i = len(r.parts)
		r.parts[string(r.key)] = i
	}
	return i
}

// number gives the rows their numbers.
func (r *rowNumber) number() error {
	sorted := make([]*numbered, len(r.rows))
	for i := range r.rows {
		sorted[i] = &r.rows[i]
	}
	var err error
	slices.SortStableFunc(sorted, func(a, b *numbered) int {
		n, e := r.order.compare(&r.frame.Context, a.keys, b.keys)
		if e != nil && err == nil {
			err = fmt.Errorf("ORDER BY: %w", e)
		}
		return n
	})
	counts := make([]int64, len(r.parts))
	for _, row := range sorted {
		counts[row.part]++
		row.number = counts[row.part]
	}
	return err
}
