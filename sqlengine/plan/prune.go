package plan

import "slices"

// prune tells each step that makes new rows which columns later steps read.
func (p *Plan) prune() {
	used := map[int]bool{}
	for _, step := range slices.Backward(p.Steps) {
		switch s := step.(type) {
		case *Extend:
			for _, it := range s.Items {
				delete(used, it.ID)
			}
			s.Keep = sorted(used)
			// An item may read one before it, which is then no column of the input.
			for _, it := range slices.Backward(s.Items) {
				mark(used, it.X)
			}
			for _, it := range s.Items {
				delete(used, it.ID)
			}
		case *Window:
			p.pruneGroups(s.Groups, used)
		case *Aggregate:
			p.pruneGroups(s.Groups, used)
		default:
			for _, x := range stepExprs(step) {
				mark(used, x)
			}
		}
	}
}

func (p *Plan) pruneGroups(g *Groups, used map[int]bool) {
	if g == nil {
		return
	}
	for _, a := range g.Aggregates {
		delete(used, a.ID)
	}
	g.Keep = sorted(used)
	for _, k := range g.Keys {
		mark(used, k)
	}
	for _, a := range g.Aggregates {
		for _, x := range a.Args {
			mark(used, x)
		}
	}
}

func stepExprs(step Step) []Expr {
	var list []Expr
	switch s := step.(type) {
	case *Filter:
		list = []Expr{s.Cond}
	case *Having:
		list = []Expr{s.Cond}
	case *Order:
		for _, k := range s.Keys {
			list = append(list, k.X)
		}
	case *Project:
		for _, it := range s.Items {
			list = append(list, it.X)
		}
	}
	return list
}

func mark(used map[int]bool, x Expr) {
	Reads(x, func(c *Column) { used[c.ID] = true })
}

func sorted(used map[int]bool) []int {
	ids := make([]int, 0, len(used))
	for id := range used {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
