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

// column binds a name to a column of the query's source.
func (b *builder) column(id syntax.Ident) Expr { return b.columnOf(0, id) }

// columnOf binds a name to a column of a source.
func (b *builder) columnOf(source int, id syntax.Ident) Expr {
	stream := b.sources[source].Stream
	if stream.Schemaless {
		return b.readColumn(source, id.Name, value.Field, value.Null)
	}
	f, ok := stream.Field(id.Name)
	if !ok {
		b.find(diag.UnknownColumn, id.Span, diag.DidYouMean(id.Name, b.columnNames()), "unknown column %q", id.Name)
		return unknown()
	}
	return b.readColumn(source, f.Name, value.Field, f.Kind)
}

// columnNames are the declared columns and the aliases: the candidates for a
// misspelt name.
func (b *builder) columnNames() []string {
	var names []string
	for _, s := range b.sources {
		for _, f := range s.Stream.Fields {
			names = append(names, f.Name)
		}
	}
	for i := range b.query.Items {
		if alias := b.query.Items[i].Alias.Name; alias != "" {
			names = append(names, alias)
		}
	}
	return names
}

// sourceNames are the names by which the query knows its sources.
func (b *builder) sourceNames() []string {
	names := make([]string, len(b.sources))
	for i, s := range b.sources {
		names[i] = s.Name
	}
	return names
}

// null is the literal, unless a column or an alias has that name.
func (b *builder) null(e *syntax.Null) Expr {
	id := syntax.Ident{Pos: e.Pos, Name: e.Word}
	if b.isDeclared(e.Word) || b.aliasNamed(e.Word) != nil {
		return b.name(id)
	}
	return &Const{}
}

// isDeclared tells whether a source declares a column of that name.
func (b *builder) isDeclared(name string) bool {
	for _, s := range b.sources {
		if _, ok := s.Stream.Field(name); ok {
			return true
		}
	}
	return false
}

// field binds x.name, which is a column where x is a source, and x->name.
func (b *builder) field(e *syntax.Field) Expr {
	if id, ok := e.X.(*syntax.Ident); ok && !e.Arrow {
		if source, ok := b.sourceNamed(id.Name); ok {
			return b.columnOf(source, e.Name)
		}
		if hidden := b.hiddenSource(id.Name); hidden != nil {
			b.find(diag.UnknownStream, id.Span, "", "stream %q is called %q here", id.Name, hidden.Name)
			return unknown()
		}
	}
	x := b.bind(e.X)
	if k := x.Kind(); k != value.Null && k != value.Object {
		hint := ""
		if id, ok := e.X.(*syntax.Ident); ok && !e.Arrow {
			hint = diag.DidYouMean(id.Name, b.sourceNames())
		}
		b.find(diag.TypeMismatch, e.Span, hint, "only a STRUCT has fields, not %s", k)
	}
	return &Member{x, e.Name.Name}
}

// sourceNamed is the source that a name in front of a dot means. A stream's
// own name is hidden by its alias.
func (b *builder) sourceNamed(name string) (source int, ok bool) {
	for i, s := range b.sources {
		if s.Name == name {
			return i, true
		}
	}
	return 0, false
}

// hiddenSource is the source whose own name is hidden by its alias, where no
// column is called so.
func (b *builder) hiddenSource(name string) *Source {
	for _, s := range b.sources {
		if s.Stream.Name == name && !b.isDeclared(name) && b.aliases[name] == nil {
			return s
		}
	}
	return nil
}
