package plan

import (
	"fmt"
	"slices"
	"strings"

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

// column binds a name to the column of the source that declares it. Sources
// without a schema may have it in some rows: the first one that does counts.
func (b *builder) column(id syntax.Ident) Expr {
	var declared, free []int
	for _, i := range b.visible() {
		switch _, ok := b.sources[i].Stream.Field(id.Name); {
		case ok:
			declared = append(declared, i)
		case b.sources[i].Stream.Schemaless:
			free = append(free, i)
		}
	}
	switch {
	case len(declared) > 1:
		b.ambiguous(id, declared)
		return unknown()
	case len(declared) == 1:
		return b.columnOf(declared[0], id)
	case len(free) > 0:
		return b.firstPresent(id.Name, free, value.Field)
	}
	for i, s := range b.sources {
		if _, ok := s.Stream.Field(id.Name); ok && !b.sees(i, id.Span) {
			return unknown()
		}
	}
	b.unknownColumn(id)
	return unknown()
}

func (b *builder) ambiguous(id syntax.Ident, sources []int) {
	spellings := make([]string, len(sources))
	for i, s := range sources {
		spellings[i] = syntax.Quote(b.sources[s].Name) + "." + syntax.Quote(id.Name)
	}
	b.find(diag.UnknownColumn, id.Span, "Write "+strings.Join(spellings, " or ")+".", "ambiguous column %q: several sources have it", id.Name)
}

// firstPresent reads a column of the first of some sources that has it.
func (b *builder) firstPresent(name string, sources []int, role value.Role) Expr {
	x := &FirstPresent{Name: name}
	if role == value.Meta {
		x.Name = "meta(" + name + ")"
	}
	for _, i := range sources {
		x.Args = append(x.Args, b.readColumn(i, name, role, b.kindOf(i, name, role)))
	}
	if len(x.Args) == 1 {
		return x.Args[0]
	}
	return x
}

// kindOf is the kind of a column before any row is seen.
func (b *builder) kindOf(source int, name string, role value.Role) value.Kind {
	f, declared := b.sources[source].Stream.Field(name)
	switch {
	case role == value.Meta && name == "*":
		return value.Object
	case role == value.Field && declared:
		return f.Kind
	}
	return value.Null
}

// metaOf is a key of the metadata of the row, or of the first source that has
// it; "*" is all keys.
func (b *builder) metaOf(key string) Expr {
	sources := slices.DeleteFunc(b.visible(), func(i int) bool { return b.sources[i].IsLookup() })
	return b.firstPresent(key, sources, value.Meta)
}

func (b *builder) metaOfSource(source int, key string, span diag.Span) Expr {
	if !b.sees(source, span) {
		return unknown()
	}
	return b.readColumn(source, key, value.Meta, b.kindOf(source, key, value.Meta))
}

// unknownColumnOf reports a name that the source in front of it does not have.
func (b *builder) unknownColumnOf(source int, id syntax.Ident) {
	hint := ""
	for _, s := range b.sources {
		if _, ok := s.Stream.Field(id.Name); ok {
			hint = fmt.Sprintf("Did you mean %s.%s?", syntax.Quote(s.Name), syntax.Quote(id.Name))
			break
		}
	}
	s := b.sources[source]
	if near := diag.DidYouMean(id.Name, fieldNames(s.Stream.Fields)); near != "" {
		hint = near
	}
	b.find(diag.UnknownColumn, id.Span, hint, "unknown column %q of %q", id.Name, s.Name)
}

func (b *builder) unknownColumn(id syntax.Ident) {
	b.find(diag.UnknownColumn, id.Span, diag.DidYouMean(id.Name, b.columnNames()), "unknown column %q", id.Name)
}

// columnOf binds a name to a column of a source.
func (b *builder) columnOf(source int, id syntax.Ident) Expr {
	stream := b.sources[source].Stream
	f, ok := stream.Field(id.Name)
	switch {
	case !b.sees(source, id.Span):
		return unknown()
	case stream.Schemaless:
		return b.readColumn(source, id.Name, value.Field, value.Null)
	case !ok:
		b.unknownColumnOf(source, id)
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
