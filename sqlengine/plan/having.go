package plan

import (
	"reflect"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// having binds HAVING, which must consist of aggregates, literals and what the
// rows are grouped by.
func (b *builder) having(keys []Expr) *Having {
	e := b.query.Having
	if e == nil {
		return nil
	}
	if len(b.query.Windows) == 0 {
		b.find(diag.Misplaced, e.At(), "Use WHERE for conditions on single rows.", "HAVING needs a window")
		return nil
	}
	before := len(b.findings)
	x := b.condition(scope{clause: "HAVING", stage: stageOut}, e)
	if len(b.findings) == before {
		b.checkHaving(e, x, keys)
	}
	return &Having{Cond: x}
}

// checkHaving reports the first part that differs from row to row of a group.
func (b *builder) checkHaving(e syntax.Expr, x Expr, keys []Expr) {
	if isKey(x, keys) {
		return
	}
	switch x := x.(type) {
	case *Column:
		if !b.grouped[x.ID] && !b.remembers(x) && !b.readsKeysOnly(x, keys) {
			b.find(diag.Misplaced, e.At(), "Put conditions on rows into WHERE.", "HAVING: %s is neither an aggregate nor grouped by", x.Name)
		}
		return
	case *Call:
		if !b.isGrouped(x) {
			b.find(diag.Misplaced, e.At(), "Put conditions on rows into WHERE.", "HAVING: %s is not an aggregate", x.Name)
			return
		}
	}
	for _, child := range Children(x) {
		b.checkHaving(e, child, keys)
	}
}

// readsKeysOnly tells of an alias of what the rows are grouped by.
func (b *builder) readsKeysOnly(c *Column, keys []Expr) bool {
	for _, a := range b.computed {
		if a.column != nil && a.column.ID == c.ID {
			return isKey(a.x, keys)
		}
	}
	return false
}

func isKey(x Expr, keys []Expr) bool {
	if _, constant := x.(*Const); constant {
		return false
	}
	for _, k := range keys {
		if alike(k, x) && Format(k) == Format(x) {
			return true
		}
	}
	return false
}

// alike tells quickly of expressions that cannot be equal: their trees differ.
func alike(a, b Expr) bool {
	x, y := Children(a), Children(b)
	if reflect.TypeOf(a) != reflect.TypeOf(b) || len(x) != len(y) {
		return false
	}
	for i := range x {
		if !alike(x[i], y[i]) {
			return false
		}
	}
	return true
}
