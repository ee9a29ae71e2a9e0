package sqlengine

import "container/heap"

// dueRules are the rules that wait for a time, as a heap: the one that waits
// for the earliest stands first.
type dueRules []*rule

// update puts a rule where its run belongs, which was added or driven.
func (d *dueRules) update(r *rule) {
	t, waits := r.run.Next()
	switch {
	case !waits:
		d.remove(r)
	case r.place < 0:
		r.due = t
		heap.Push(d, r)
	case r.due != t:
		r.due = t
		heap.Fix(d, r.place)
	}
}

func (d *dueRules) remove(r *rule) {
	if r.place >= 0 {
		heap.Remove(d, r.place)
	}
}

// until appends a turn for each rule that waits for a time up to t.
func (d dueRules) until(list []turn, t int64) []turn { return d.below(list, 0, t) }

// below looks at a place of the heap and at the two places below it.
func (d dueRules) below(list []turn, place int, t int64) []turn {
	if place >= len(d) || d[place].due > t {
		return list
	}
	list = append(list, turn{rule: d[place]})
	return d.below(d.below(list, 2*place+1, t), 2*place+2, t)
}

// Len implements heap.Interface, as do the methods that follow.
func (d dueRules) Len() int           { return len(d) }
func (d dueRules) Less(i, j int) bool { return d[i].due < d[j].due }
func (d dueRules) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = i, j
}

// Push implements heap.Interface.
func (d *dueRules) Push(x any) {
	r := x.(*rule)
	r.place = len(*d)
	*d = append(*d, r)
}

// Pop implements heap.Interface.
func (d *dueRules) Pop() any {
	last := len(*d) - 1
	r := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	r.place = -1
	return r
}
