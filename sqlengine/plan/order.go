package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// order binds ORDER BY. Without a window or a join there is nothing to sort,
// but its names are checked all the same.
func (b *builder) order() Step {
	if b.query.Order == nil {
		return nil
	}
	return &Order{b.sortKeys(scope{clause: "ORDER BY", stage: stageOut}, b.query.Order)}
}

func (b *builder) sortKeys(at scope, list []syntax.Sort) []SortKey {
	var keys []SortKey
	for _, s := range list {
		x := b.within(at, s.X)
		if k := x.Kind(); unordered(k) {
			b.find(diag.TypeMismatch, s.X.At(), "", "%s values have no order", k)
		}
		keys = append(keys, SortKey{x, s.Desc})
	}
	return keys
}

// limit reads LIMIT.
func (b *builder) limit() Step {
	l := b.query.Limit
	if l == nil {
		return nil
	}
	return &Limit{int(min(l.Value.Int(), 1<<31-1))}
}

// wantsNothing tells of LIMIT 0. A single row has no other limit to cut.
func (b *builder) wantsNothing() bool { return b.query.Limit != nil && b.query.Limit.Value.Int() == 0 }
