package exec

import (
	"errors"
	"fmt"

	"sluice/sqlengine/value"
)

// snapshot writes the rows, and for each group how far its front reaches:
// what was folded is folded again in the same way by restore, so that even the
// last digit of a sum stays the same.
func (s *slider) snapshot(e *value.Encoder, q *fifo) {
	if s.grouper == nil {
		rows := make([]value.Row, q.rows.len())
		for i := range rows {
			rows[i] = value.Row{Time: q.rows.at(i).mark, Cols: q.rows.at(i).cols}
		}
		s.layout.snapshot(e, rows)
		return
	}
	list := q.ordered()
	e.Uint(uint64(len(list)))
	for i, g := range list {
		g.index = i
		e.String(g.key)
		e.Uint(uint64(g.height))
		e.Bool(g.stale)
	}
	e.Uint(uint64(q.rows.len()))
	last := int64(0)
	for i := range q.rows.len() {
		row := q.rows.at(i)
		e.Int(row.mark - last)
		last = row.mark
		e.Uint(uint64(row.group.index))
		for _, v := range row.cols {
			e.Value(v)
		}
	}
}

func (s *slider) restore(d *value.Decoder) fifo {
	q := fifo{}
	if s.grouper == nil {
		for _, row := range s.layout.restore(d) {
			q.rows.push(entry{mark: row.Time, cols: row.Cols})
		}
		return q
	}
	s.restoreGroups(d, &q)
	s.restoreRows(d, &q)
	for _, g := range q.list {
		if d.Err() != nil {
			return fifo{}
		}
		if n := g.numbers.len(); n == 0 || g.height < 0 || g.height > n || g.stale && g.height > 0 {
			d.Fail(fmt.Errorf("a group of %d rows, %d in front", n, g.height))
			continue
		}
		s.refold(&q, g)
	}
	return q
}

func (s *slider) restoreGroups(d *value.Decoder, q *fifo) {
	for range d.Count() {
		key := d.String()
		if q.groups[key] != nil {
			d.Fail(errors.New("a group that comes twice"))
		}
		if d.Err() != nil {
			return
		}
		g := q.open(key)
		g.height, g.stale = int(d.Uint()), d.Bool()
	}
}

func (s *slider) restoreRows(d *value.Decoder, q *fifo) {
	last := int64(0)
	for range d.Count() {
		last += d.Int()
		index := d.Uint()
		if d.Err() == nil && index >= uint64(len(q.list)) {
			d.Fail(fmt.Errorf("group %d of %d", index, len(q.list)))
		}
		if d.Err() != nil {
			return
		}
		cols := s.take(q)
		for i := range cols {
			cols[i] = d.Value()
		}
		q.push(entry{last, q.list[index], cols})
	}
}

// refold makes the front and the back of a group from its rows.
func (s *slider) refold(q *fifo, g *fifoGroup) {
	s.turn(q, g, g.height)
	for i := g.height; i < g.numbers.len(); i++ {
		s.addBehind(g, q.number(*g.numbers.at(i)).cols)
	}
}
