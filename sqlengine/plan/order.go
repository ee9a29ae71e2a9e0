package plan

import (
	"sluice/sqlengine/diag"
)

// order binds ORDER BY. Without a window there is nothing to sort, but its
// names are checked all the same.
func (b *builder) order() Step {
	if b.query.Order == nil {
		return nil
	}
	o := &Order{}
	for _, s := range b.query.Order {
		x := b.within(scope{clause: "ORDER BY", stage: stageOut}, s.X)
		if k := x.Kind(); unordered(k) {
			b.find(diag.TypeMismatch, s.X.At(), "", "%s values have no order", k)
		}
		o.Keys = append(o.Keys, SortKey{x, s.Desc})
	}
	return o
}

// limit reads LIMIT.
func (b *builder) limit() Step {
	l := b.query.Limit
	if l == nil {
		return nil
	}
	return &Limit{int(min(l.Value.Int(), 1<<31-1))}
}
