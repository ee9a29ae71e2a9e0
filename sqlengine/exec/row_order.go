package exec

import (
	"cmp"
	"slices"

	"sluice/sqlengine/value"
)

// rowOrder gives rows back in the order of their times, and those of one time
// as they came. Rows that come in order, as most do, stand in a line; a heap
// holds those that came behind a later one.
type rowOrder struct {
	line []orderedRow
	head int // of the line: what stands in front of it is gone
	heap []orderedRow
	next uint64
}

type orderedRow struct {
	value.Row
	number uint64
}

func compareOrdered(a, b *orderedRow) int {
	if c := cmp.Compare(a.Time, b.Time); c != 0 {
		return c
	}
	return cmp.Compare(a.number, b.number)
}

func (o *rowOrder) len() int { return len(o.line) - o.head + len(o.heap) }

func (o *rowOrder) push(r value.Row) {
	row := orderedRow{r, o.next}
	o.next++
	if n := len(o.line); n > o.head && o.line[n-1].Time > r.Time {
		o.heap = append(o.heap, row)
		o.rise(len(o.heap) - 1)
		return
	}
	if o.head > len(o.line)/2 {
		n := copy(o.line, o.line[o.head:])
		clear(o.line[n:])
		o.line, o.head = o.line[:n], 0
	}
	o.line = append(o.line, row)
}

// first is the row that comes out next; there must be one.
func (o *rowOrder) first() *orderedRow {
	switch {
	case o.head == len(o.line):
		return &o.heap[0]
	case len(o.heap) == 0 || compareOrdered(&o.line[o.head], &o.heap[0]) < 0:
		return &o.line[o.head]
	}
	return &o.heap[0]
}

// pop takes out the first row.
func (o *rowOrder) pop() value.Row {
	first := o.first()
	row := first.Row
	if len(o.heap) > 0 && first == &o.heap[0] {
		n := len(o.heap) - 1
		o.heap[0], o.heap[n] = o.heap[n], orderedRow{}
		o.heap = o.heap[:n]
		o.sink()
		return row
	}
	*first = orderedRow{}
	o.head++
	return row
}

// rise moves a row of the heap up to where it belongs.
func (o *rowOrder) rise(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if compareOrdered(&o.heap[parent], &o.heap[i]) < 0 {
			return
		}
		o.heap[i], o.heap[parent] = o.heap[parent], o.heap[i]
		i = parent
	}
}

// sink moves the first row of the heap down to where it belongs.
func (o *rowOrder) sink() {
	for i, n := 0, len(o.heap); ; {
		child := 2*i + 1
		if child+1 < n && compareOrdered(&o.heap[child+1], &o.heap[child]) < 0 {
			child++
		}
		if child >= n || compareOrdered(&o.heap[i], &o.heap[child]) < 0 {
			return
		}
		o.heap[i], o.heap[child] = o.heap[child], o.heap[i]
		i = child
	}
}

// sorted are the rows in their order.
func (o *rowOrder) sorted() []value.Row {
	list := slices.Concat(o.line[o.head:], o.heap)
	slices.SortFunc(list, func(a, b orderedRow) int { return compareOrdered(&a, &b) })
	rows := make([]value.Row, len(list))
	for i, r := range list {
		rows[i] = r.Row
	}
	return rows
}
