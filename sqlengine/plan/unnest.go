package plan

import (
	"slices"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// isSetReturning tells of the functions that make rows or columns of a value.
func isSetReturning(name string) bool { return name == "unnest" || name == "extract" }

// unnestItem binds an item that is a call of unnest or extract: a column for
// the array or object, and one for the fields that come out of it.
func (b *builder) unnestItem(it *syntax.Item) ([]Output, bool) {
	e, ok := it.X.(*syntax.Call)
	if !ok || !isSetReturning(strings.ToLower(e.Name.Name)) {
		return nil, false
	}
	name := strings.ToLower(e.Name.Name)
	b.plainCall(e)
	switch {
	case len(e.Args) != 1:
		b.find(diag.NoOverload, e.Span, "", "%s takes one argument, not %d", name, len(e.Args))
		return nil, true
	case it.Invisible:
		b.find(diag.Misplaced, it.Span, "", "%s makes rows or columns of the result, which cannot be invisible", name)
		return nil, true
	case b.unnested != nil:
		b.find(diag.Duplicate, e.Span, "", "a query has one call of unnest or extract only")
		return nil, true
	}
	x := b.within(scope{clause: "SELECT", stage: stageOut, self: b.aliases[it.Alias.Name]}, e.Args[0])
	want := value.List
	if name == "extract" {
		want = value.Object
	}
	if k := x.Kind(); k != value.Null && k != want {
		b.find(diag.TypeMismatch, e.Args[0].At(), "", "%s takes %s, not %s", name, want, k)
	}
	out := Output{Name: name, X: x, Null: NullOmitted, many: true}
	if it.Alias.Name != "" {
		out.Name = it.Alias.Name
	}
	b.unnested = &Unnest{Object: want == value.Object, Null: b.nullMode(NullKept)}
	fields := Output{Name: syntax.Print(e), X: &Const{value.Missing}, Role: value.Whole}
	return []Output{out, fields}, true
}

// unnest is the step that makes rows of the result; nil: each stays one.
func (b *builder) unnest(items []Output) Step {
	if b.unnested == nil {
		return nil
	}
	b.unnested.Column = slices.IndexFunc(items, func(it Output) bool { return it.many })
	return b.unnested
}

// misplacedUnnest refuses unnest and extract anywhere else.
func (b *builder) misplacedUnnest(e *syntax.Call) Expr {
	b.find(diag.Misplaced, e.Span, "", "%s can only be an item of the select list by itself: its rows are made last", strings.ToLower(e.Name.Name))
	return unknown()
}
