package exec

import (
	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// hitFilter is a filter that counts what passes. Its condition sees the count
// grow from row to row; what stands behind it sees the count as it was in
// front of the rows that it gets: a row alone, or the result of a window.
type hitFilter struct {
	*filter
	hit *function.Hit
	one value.Batch
}

func newHitFilter(f *filter, hit *function.Hit) *hitFilter {
	h := &hitFilter{filter: f, hit: hit}
	return h
}

func (h *hitFilter) Push(b *value.Batch) error {
	h.begin(b)
	if h.windowed {
		return h.pass(b)
	}
	for i := range b.Rows {
		h.one = value.Batch{Schema: b.Schema, Rows: b.Rows[i : i+1], Ack: b.Ack}
		if err := h.pass(&h.one); err != nil {
			return err
		}
	}
	return nil
}

func (h *hitFilter) pass(b *value.Batch) error {
	before := *h.hit
	h.choose(b, h)
	after := *h.hit
	*h.hit = before
	err := h.hand(b)
	*h.hit = after
	return err
}

func (h *hitFilter) evaluate(rows []value.Row) {
	for ; h.at < len(rows); h.at++ {
		row := &rows[h.at]
		pass, err := holds(h.look(row), h.test, h.cond)
		if err != nil {
			h.fail(err)
		} else if pass {
			h.keep = append(h.keep, *row)
			h.hit.Add(row.Time)
		}
	}
}
