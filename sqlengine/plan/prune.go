package plan

import "slices"

// prune tells each step that makes new rows which columns later steps read.
func (p *Plan) prune() {
	used := columnSet{}
	for _, step := range slices.Backward(p.Steps) {
		switch s := step.(type) {
		case *Extend:
			used.extend(s)
			continue
		case *Window:
			used.window(s)
			continue
		case *Aggregate:
			used.groups(s.Groups)
		case *Group:
			used.groups(s.Groups)
		case *Totals:
			used.computed(s.Aggregates)
			s.Keep = used.sorted()
		case *RowNumber:
			delete(used, s.ID)
			s.Keep = used.sorted()
		case *DedupTrigger:
			delete(used, s.ID)
			s.Keep = used.sorted()
		case *Join:
			used.join(p, s)
			continue
		case *Merge:
			s.Columns = slices.DeleteFunc(used.sorted(), func(id int) bool { return id == s.Tag })
		case *Watermark:
			used.tag(s.Tag)
		}
		used.read(step.exprs()...)
	}
}

// columnSet holds the columns that are read behind a step.
type columnSet map[int]bool

func (u columnSet) read(list ...Expr) {
	for _, x := range list {
		Reads(x, func(c *Column) { u[c.ID] = true })
	}
}

// extend: an item may read one before it, which is then no column of the input.
func (u columnSet) extend(s *Extend) {
	for _, it := range s.Items {
		delete(u, it.ID)
	}
	s.Keep = u.sorted()
	for _, it := range slices.Backward(s.Items) {
		u.read(it.exprs()...)
	}
	for _, it := range s.Items {
		delete(u, it.ID)
	}
}

func (u columnSet) groups(g *Groups) {
	if g == nil {
		return
	}
	u.computed(g.Aggregates)
	g.Keep = u.sorted()
}

// window: what it computes itself is no column of the input.
func (u columnSet) window(s *Window) {
	u.groups(s.Groups)
	u.read(s.exprs()...)
	for _, it := range append(slices.Clone(s.Early), s.Late...) {
		delete(u, it.ID)
	}
}

func (u columnSet) computed(calls []AggregateCall) {
	for _, a := range calls {
		delete(u, a.ID)
	}
}

// join: the rows of tables come by themselves, not from the steps in front.
func (u columnSet) join(p *Plan, s *Join) {
	s.Keep = u.sorted()
	u.read(s.exprs()...)
	for i := range s.Parts {
		part := &s.Parts[i]
		part.Reads = slices.DeleteFunc(u.sorted(), func(id int) bool { return p.Columns[id].Source != part.Source })
	}
	for _, id := range u.sorted() {
		if source := p.Columns[id].Source; source != Computed && p.Sources[source].IsTable() {
			delete(u, id)
		}
	}
	u.tag(s.Tag)
}

func (u columnSet) tag(id int) {
	if id != Computed {
		u[id] = true
	}
}

func (u columnSet) sorted() []int {
	ids := make([]int, 0, len(u))
	for id := range u {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
