package exec

import (
	"fmt"

	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// fifoGroup is a group of rows that come and go. Its aggregates are two stacks:
// rows come to the back, where one accumulator takes them all; they go from
// the front, which holds for each of its rows what the rows from that one on
// fold to. When the front is used up, the rows of the back are turned over to
// it. So each row is folded twice at most, however long the window is, and
// nothing is ever subtracted.
type fifoGroup struct {
	key     string
	numbers queue[int64]           // of its rows
	height  int                    // so many of them, the oldest, are the front
	sound   int                    // so many of these, the newest, were folded; the one before them failed
	front   []function.Accumulator // those of the oldest sound row last
	flaw    error                  // of the front
	back    []function.Accumulator
	broken  error // a row of the back failed
	stale   bool  // rows of the back have left: it must be turned over before it is read
	index   int   // in a snapshot
}

func (g *fifoGroup) empty() bool { return g.numbers.len() == 0 }

// pop drops the oldest row of a group.
func (s *slider) pop(q *fifo, g *fifoGroup) {
	g.numbers.pop()
	if g.height == 0 {
		s.drop(q, g.back)
		g.back, g.broken, g.stale = nil, nil, true
		return
	}
	g.height--
	if g.height < g.sound {
		g.sound--
		rest := g.sound * len(s.folded)
		s.drop(q, g.front[rest:rest+len(s.folded)]) // behind them may stand what a panic has left half made
		g.front = g.front[:rest]
	}
}

// drop lets accumulators go.
func (s *slider) drop(q *fifo, accs []function.Accumulator) {
	for j, acc := range accs {
		s.recycle(q, j, acc)
		accs[j] = nil
	}
}

// addBehind folds a row into the back of its group.
func (s *slider) addBehind(g *fifoGroup, cols []value.Value) {
	if g.stale || g.broken != nil {
		return
	}
	defer shelter(&g.broken)
	if g.back == nil {
		g.back = s.accumulators(nil)
	}
	g.broken = s.fold(g.back, cols)
}

// accumulators appends those of the aggregates whose state is small.
func (s *slider) accumulators(list []function.Accumulator) []function.Accumulator {
	for j := range s.folded {
		list = append(list, s.accumulator(j))
	}
	return list
}

func (s *slider) accumulator(j int) function.Accumulator {
	free := s.free[j]
	if len(free) == 0 {
		return s.grouper.aggs[s.folded[j]].function.New()
	}
	acc := free[len(free)-1]
	s.free[j] = free[:len(free)-1]
	return acc
}

// fewFree is how many accumulators may wait beside those of the rows.
const fewFree = 16

// recycle lets an accumulator of the j-th small state be used again. No more
// wait than there are rows.
func (s *slider) recycle(q *fifo, j int, acc function.Accumulator) {
	free := s.free[j]
	if most := q.rows.len() + fewFree; len(free) >= most {
		clear(free[most:])
		s.free[j] = free[:most]
		return
	}
	if r, ok := acc.(function.Reusable); ok {
		r.Reset()
		s.free[j] = append(free, acc)
	}
}

// fold adds a row to accumulators.
func (s *slider) fold(accs []function.Accumulator, cols []value.Value) error {
	for j, i := range s.folded {
		if err := accs[j].Add(cols[s.args[i]:s.args[i+1]]); err != nil {
			return fmt.Errorf("%s: %w", s.grouper.aggs[i].text, err)
		}
	}
	return nil
}

// turn makes so many rows, the oldest, the front. A row that fails spoils what
// it and the rows before it fold to.
func (s *slider) turn(q *fifo, g *fifoGroup, height int) {
	g.height, g.sound, g.front, g.flaw = height, 0, g.front[:0], nil
	defer shelter(&g.flaw)
	width := len(s.folded)
	for i := height - 1; i >= 0; i-- {
		g.front = s.accumulators(g.front)
		accs := g.front[g.sound*width:]
		if g.flaw = s.fold(accs, q.number(*g.numbers.at(i)).cols); g.flaw != nil {
			g.front = g.front[:g.sound*width]
			return
		}
		if g.sound > 0 {
			for j, newer := range g.front[(g.sound-1)*width : g.sound*width] {
				accs[j].Merge(newer)
			}
		}
		g.sound++
	}
}

// row appends the columns of the group's result.
func (s *slider) row(dst []value.Value, q *fifo, g *fifoGroup) (row []value.Value, err error) {
	defer shelter(&err)
	if g.stale {
		g.stale = false
		s.turn(q, g, g.numbers.len())
	}
	switch {
	case g.height > g.sound:
		return nil, g.flaw
	case g.broken != nil:
		return nil, g.broken
	}
	dst = append(dst, q.number(*g.numbers.at(0)).cols[:s.keep]...)
	j := 0
	for i := range s.grouper.aggs {
		a := &s.grouper.aggs[i]
		var v value.Value
		var err error
		if a.function.Holistic {
			v, err = s.anew(q, g, i)
		} else {
			v, err = s.whole(q, g, j)
			j++
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.text, err)
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// whole is what all rows of the group fold to, of the j-th small state.
func (s *slider) whole(q *fifo, g *fifoGroup, j int) (value.Value, error) {
	switch {
	case g.height == 0:
		return g.back[j].Result()
	case g.back == nil:
		return s.oldest(g, j).Result()
	}
	acc := s.accumulator(j)
	acc.Merge(s.oldest(g, j))
	acc.Merge(g.back[j])
	v, err := acc.Result()
	s.recycle(q, j, acc)
	return v, err
}

// oldest is what the front folds to.
func (s *slider) oldest(g *fifoGroup, j int) function.Accumulator {
	return g.front[(g.sound-1)*len(s.folded)+j]
}

// anew folds the arguments that all rows of the group have for an aggregate.
func (s *slider) anew(q *fifo, g *fifoGroup, aggregate int) (value.Value, error) {
	acc := s.grouper.aggs[aggregate].function.New()
	for i := range g.numbers.len() {
		cols := q.number(*g.numbers.at(i)).cols
		if err := acc.Add(cols[s.args[aggregate]:s.args[aggregate+1]]); err != nil {
			return value.Value{}, err
		}
	}
	return acc.Result()
}
