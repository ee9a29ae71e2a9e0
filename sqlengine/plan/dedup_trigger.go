package plan

import (
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// dedupTrigger binds dedup_trigger(start, end, now, expire) to the column that
// a step of its own fills.
func (b *builder) dedupTrigger(e *syntax.Call) Expr {
	b.plainCall(e)
	if len(e.Args) != 4 {
		b.find(diag.NoOverload, e.Span, "Write dedup_trigger(start, end, now, 60000).", "dedup_trigger takes 4 arguments, not %d", len(e.Args))
		return unknown()
	}
	if !b.inSelectList(e, "dedup_trigger") {
		return unknown()
	}
	text := "dedup_trigger" + strings.TrimPrefix(syntax.Print(e), syntax.Quote(e.Name.Name))
	args := b.args(e.Args)
	if b.dedup != nil && b.columns[b.dedup.ID].Name != text {
		b.find(diag.Duplicate, e.Span, "", "a query has one call of dedup_trigger only")
		return unknown()
	}
	for i, x := range args[:3] {
		if k := x.Kind(); k != value.Null && k != value.Int && k != value.Float {
			b.find(diag.TypeMismatch, e.Args[i].At(), "", "argument %d of dedup_trigger must be BIGINT, not %s", i+1, k)
		}
	}
	expire, ok := bound(args[3])
	if !ok || expire < 0 {
		b.find(diag.TypeMismatch, e.Args[3].At(), "", "argument 4 of dedup_trigger must be a number of milliseconds")
	}
	if b.dedup == nil {
		b.dedup = &DedupTrigger{ID: b.compute(text, value.List).ID, Start: args[0], End: args[1], Now: args[2], Expire: expire}
	}
	return &Column{b.dedup.ID, text, value.List}
}

// readsDedup tells whether an expression needs dedup_trigger().
func (b *builder) readsDedup(x Expr) bool {
	if b.dedup == nil {
		return false
	}
	found := false
	Reads(x, func(c *Column) { found = found || c.ID == b.dedup.ID })
	return found
}
