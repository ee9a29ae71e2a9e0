package exec

import (
	"slices"

	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// fifo is what a window that slides holds of its rows: the rows in order, each
// with a mark by which it leaves, and the groups that they make.
type fifo struct {
	rows   queue[entry]
	left   int64 // rows that have left: the number of the oldest row
	groups map[string]*fifoGroup
	list   []*fifoGroup  // groups, also some that have lost their rows
	sorted bool          // list is in the order of the groups' first rows
	room   []value.Value // for the columns of the next rows
}

// entry is one row.
type entry struct {
	mark  int64
	group *fifoGroup    // nil: the rows themselves are emitted
	cols  []value.Value // of the row; in a group: those that a first row gives it, then the arguments of aggregates
}

// slider puts rows into fifos and makes results of them.
type slider struct {
	*collector
	keep   int                      // columns of a first row
	args   []int                    // of each aggregate, and behind the last: where its arguments begin in cols
	folded []int                    // aggregates whose state is small
	free   [][]function.Accumulator // of each of these: to be used again
	room   []value.Value            // for the columns of the next results
}

func newSlider(c *collector) slider {
	s := slider{collector: c}
	if c.grouper == nil {
		return s
	}
	s.keep = len(c.grouper.keep)
	s.args = append(s.args, s.keep)
	for i := range c.grouper.aggs {
		a := &c.grouper.aggs[i]
		s.args = append(s.args, s.args[i]+len(a.values))
		if !a.function.Holistic {
			s.folded = append(s.folded, i)
		}
	}
	s.free = make([][]function.Accumulator, len(s.folded))
	return s
}

// add puts in the row of the frame. Marks must not go back. A row that cannot
// be evaluated leaves the fifo as it was.
func (s *slider) add(q *fifo, f *Frame, mark int64) error {
	if in, err := s.admits(f); !in {
		return err
	}
	if s.grouper == nil {
		q.rows.push(entry{mark: mark, cols: f.Row.Cols})
		return nil
	}
	if err := s.grouper.read(f); err != nil {
		return err
	}
	g := q.groups[string(s.grouper.buf)]
	if g == nil {
		g = q.open(string(s.grouper.buf))
	}
	cols := s.columns(q, f.Row)
	q.push(entry{mark, g, cols})
	s.addBehind(g, cols)
	return nil
}

// columns copies what a group keeps of a row.
func (s *slider) columns(q *fifo, row *value.Row) []value.Value {
	cols := s.take(q)[:0]
	for _, slot := range s.grouper.keep {
		cols = append(cols, row.Cols[slot])
	}
	for i := range s.grouper.aggs {
		cols = append(cols, s.grouper.aggs[i].values...)
	}
	return cols
}

// roomiest is for how many rows room is made at once.
const roomiest = 64

// take makes room for the columns of one row.
func (s *slider) take(q *fifo) []value.Value {
	width := s.args[len(s.args)-1]
	if len(q.room) < width {
		q.room = make([]value.Value, width*min(max(q.rows.len(), 4), roomiest))
	}
	cols := q.room[:width:width]
	q.room = q.room[width:]
	return cols
}

// push puts a row behind the others, and behind those of its group.
func (q *fifo) push(e entry) {
	e.group.numbers.push(q.left + int64(q.rows.len()))
	q.rows.push(e)
}

// open makes a group. It is the last one: its first row is the newest.
func (q *fifo) open(key string) *fifoGroup {
	if q.groups == nil {
		q.groups = map[string]*fifoGroup{}
	}
	if len(q.list) > 2*len(q.groups)+roomiest {
		q.list = slices.DeleteFunc(q.list, (*fifoGroup).empty)
	}
	g := &fifoGroup{key: key}
	q.groups[key] = g
	q.list = append(q.list, g)
	return g
}

// leave drops the rows whose mark is below a bound.
func (s *slider) leave(q *fifo, bound int64) {
	for q.rows.len() > 0 && q.rows.at(0).mark < bound {
		e := q.rows.pop()
		q.left++
		if e.group == nil {
			continue
		}
		q.sorted = false
		s.pop(q, e.group)
		if e.group.empty() {
			delete(q.groups, e.group.key)
		}
	}
}

// number is the row of a number.
func (q *fifo) number(n int64) *entry { return q.rows.at(int(n - q.left)) }

// ordered are the groups in the order of their first rows.
func (q *fifo) ordered() []*fifoGroup {
	if q.sorted {
		return q.list
	}
	q.list = slices.DeleteFunc(q.list, (*fifoGroup).empty)
	slices.SortFunc(q.list, func(a, b *fifoGroup) int { return int(*a.numbers.at(0) - *b.numbers.at(0)) })
	q.sorted = true
	return q.list
}

// result appends the rows of a result that ends at a time, as that of a
// collector does.
func (s *slider) result(dst []value.Row, q *fifo, end int64, fail func(error)) (rows []value.Row, any bool) {
	if s.grouper == nil {
		for i := range q.rows.len() {
			dst = append(dst, value.Row{Time: end, Cols: q.rows.at(i).cols})
		}
		return dst, true
	}
	list := q.ordered()
	width := s.keep + len(s.grouper.aggs)
	cols := s.cells(width * len(list))
	n := len(dst)
	for _, g := range list {
		row, err := s.row(cols[:0:width], q, g)
		if err != nil {
			fail(err)
			continue
		}
		cols = cols[width:]
		dst = append(dst, value.Row{Time: end, Cols: row})
	}
	return dst, len(dst) > n
}

// cells makes room for the columns of a result. Small results share it.
func (s *slider) cells(n int) []value.Value {
	if n > len(s.room) {
		s.room = make([]value.Value, max(n, roomiest))
	}
	cells := s.room[:n:n]
	s.room = s.room[n:]
	return cells
}

// slide pushes the result of a fifo, if it has one.
func (w *window) slide(s *slider, q *fifo, bounds function.Window) error {
	rows, any := s.result(w.made[:0], q, bounds.End, w.fail)
	w.made = rows
	if !any {
		return nil
	}
	return w.push(rows, bounds)
}
