package syntax

// Children are the operands of a node, in the order of the text; those of a
// call are its arguments, and what stands in its FILTER and its OVER.
func Children(e Expr) []Expr {
	switch e := e.(type) {
	case *Unary:
		return []Expr{e.X}
	case *Binary:
		return []Expr{e.L, e.R}
	case *IsNull:
		return []Expr{e.X}
	case *In:
		return present(append([]Expr{e.X, e.Set}, e.List...))
	case *Between:
		return []Expr{e.X, e.Low, e.High}
	case *Like:
		return []Expr{e.X, e.Pattern}
	case *Case:
		list := []Expr{e.Operand}
		for _, w := range e.Whens {
			list = append(list, w.Cond, w.Then)
		}
		return present(append(list, e.Else))
	case *Field:
		return []Expr{e.X}
	case *Index:
		return []Expr{e.X, e.I}
	case *Slice:
		return present([]Expr{e.X, e.Low, e.High})
	case *Call:
		return present(append(append(append([]Expr{}, e.Args...), e.Filter), e.Over.children()...))
	}
	return nil
}

func (o *Over) children() []Expr {
	if o == nil {
		return nil
	}
	list := append(append([]Expr{}, o.Partition...), o.When)
	for _, s := range o.Order {
		list = append(list, s.X)
	}
	return list
}

func present(list []Expr) []Expr {
	kept := list[:0]
	for _, e := range list {
		if e != nil {
			kept = append(kept, e)
		}
	}
	return kept
}
