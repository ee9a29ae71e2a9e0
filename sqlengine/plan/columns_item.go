package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// columnsItem binds an item whose result are several columns: changed_cols.
func (b *builder) columnsItem(it *syntax.Item) ([]Output, bool) {
	e, ok := it.X.(*syntax.Call)
	if !ok {
		return nil, false
	}
	f, ok := b.functions.Analytic(e.Name.Name)
	if !ok || !f.Columns {
		return nil, false
	}
	if it.Alias.Name != "" {
		b.find(diag.Misplaced, it.Alias.Span, "Its first argument begins their names.", "%s takes no alias: it names its columns after the arguments", f.Name)
	}
	outer := b.scope
	b.scope = scope{clause: "SELECT", stage: stageOut}
	x := b.remember(e, f)
	b.scope = outer
	if it.Invisible {
		return nil, true
	}
	return []Output{{Name: syntax.Print(e), X: x, Role: value.Whole}}, true
}
