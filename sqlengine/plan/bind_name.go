package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// name binds a bare name: an alias, else a column.
func (b *builder) name(id syntax.Ident) Expr {
	if a := b.aliasNamed(id.Name); a != nil {
		return b.readAlias(a, id)
	}
	return b.column(id)
}

// column binds a name to a column of the stream.
func (b *builder) column(id syntax.Ident) Expr {
	stream := b.source.Stream
	if stream.Schemaless {
		return b.readColumn(id.Name, value.Field, value.Null)
	}
	f, ok := stream.Field(id.Name)
	if !ok {
		b.find(diag.UnknownColumn, id.Span, diag.DidYouMean(id.Name, b.columnNames()), "unknown column %q", id.Name)
		return unknown()
	}
	return b.readColumn(f.Name, value.Field, f.Kind)
}

func (b *builder) columnNames() []string {
	var names []string
	for _, f := range b.source.Stream.Fields {
		names = append(names, f.Name)
	}
	for i := range b.query.Items {
		if alias := b.query.Items[i].Alias.Name; alias != "" {
			names = append(names, alias)
		}
	}
	return names
}

// null is the literal, unless a column or an alias has that name.
func (b *builder) null(e *syntax.Null) Expr {
	id := syntax.Ident{Pos: e.Pos, Name: e.Word}
	if _, declared := b.source.Stream.Field(e.Word); declared || b.aliasNamed(e.Word) != nil {
		return b.name(id)
	}
	return &Const{}
}

// field binds x.name, which is a column where x is the stream, and x->name.
func (b *builder) field(e *syntax.Field) Expr {
	if id, ok := e.X.(*syntax.Ident); ok && !e.Arrow && b.isSource(id) {
		return b.column(e.Name)
	}
	if id, ok := e.X.(*syntax.Ident); ok && !e.Arrow && b.isHiddenSource(id) {
		b.find(diag.UnknownStream, id.Span, "", "stream %q is called %q here", id.Name, b.source.Name)
		return unknown()
	}
	x := b.bind(e.X)
	if k := x.Kind(); k != value.Null && k != value.Object {
		hint := ""
		if id, ok := e.X.(*syntax.Ident); ok && !e.Arrow {
			hint = diag.DidYouMean(id.Name, []string{b.source.Name})
		}
		b.find(diag.TypeMismatch, e.Span, hint, "only a STRUCT has fields, not %s", k)
	}
	return &Member{x, e.Name.Name}
}

// isHiddenSource tells of the stream's own name where it has an alias and no
// column is called so.
func (b *builder) isHiddenSource(id *syntax.Ident) bool {
	_, declared := b.source.Stream.Field(id.Name)
	return id.Name == b.source.Stream.Name && !b.isSource(id) && !declared && b.aliases[id.Name] == nil
}

// isSource tells whether a name in front of a dot is the stream. The stream's
// own name is hidden by its alias.
func (b *builder) isSource(id *syntax.Ident) bool { return id.Name == b.source.Name }
