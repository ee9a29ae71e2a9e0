package plan

import (
	"fmt"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// from finds the stream of FROM; without it nothing else can be checked.
func (b *builder) from() bool { return b.addSource(b.query.From) }

func (b *builder) addSource(src syntax.Source) bool {
	stream, ok := b.catalog.Stream(src.Name.Name)
	if !ok {
		b.find(diag.UnknownStream, src.Name.Span, diag.DidYouMean(src.Name.Name, b.catalog.Names()), "unknown stream %q", src.Name.Name)
		return false
	}
	s := &Source{Stream: stream, Name: src.Name.Name} // a catalog may call it otherwise
	if src.Alias.Name != "" {
		s.Name = src.Alias.Name
	}
	if _, twice := b.sourceNamed(s.Name); twice {
		b.find(diag.Duplicate, src.Span, fmt.Sprintf("Give one of them another name: %s AS other.", syntax.Quote(stream.Name)), "two sources are called %q", s.Name)
		return false
	}
	b.sources = append(b.sources, s)
	return true
}

// readColumn is the column of the plan that reads that of a source.
func (b *builder) readColumn(source int, name string, role value.Role, kind value.Kind) *Column {
	key := readKey{source, name, role}
	id, ok := b.read[key]
	if !ok {
		id = b.newColumn(ColumnInfo{Name: name, Kind: kind, Role: role, Source: source})
		b.read[key] = id
	}
	shown := name
	if len(b.sources) > 1 {
		shown = b.sources[source].Name + "." + name
	}
	if role == value.Meta {
		shown = "meta(" + shown + ")"
	}
	return &Column{ID: id, Name: shown, Type: kind}
}

func (b *builder) newColumn(c ColumnInfo) int {
	b.columns = append(b.columns, c)
	return len(b.columns) - 1
}

// compute is a new column that a step computes.
func (b *builder) compute(name string, kind value.Kind) *Column {
	return &Column{ID: b.newColumn(ColumnInfo{Name: name, Kind: kind, Source: Computed}), Name: name, Type: kind}
}

// whole is the whole row of a source as an object.
func (b *builder) whole(source int) Expr {
	stream := b.sources[source].Stream
	if stream.Schemaless {
		return b.readColumn(source, "*", value.Whole, value.Object)
	}
	s := &Struct{}
	for _, f := range stream.Fields {
		s.Names = append(s.Names, f.Name)
		s.Args = append(s.Args, b.readColumn(source, f.Name, value.Field, f.Kind))
	}
	return s
}

// wholeOf is what * stands for as an argument: the row of the stream that it
// names, or that of all sources, of which the later ones win.
func (b *builder) wholeOf(star *syntax.Star) Expr {
	if source, ok := b.sourceNamed(star.Stream); ok {
		return b.visibleWhole(source, star.Span)
	}
	sources := b.visible()
	if len(sources) == 1 {
		return b.whole(sources[0])
	}
	u := &Union{}
	for _, i := range sources {
		u.Args = append(u.Args, b.whole(i))
	}
	return u
}

func (b *builder) visibleWhole(source int, span diag.Span) Expr {
	if !b.sees(source, span) {
		return unknown()
	}
	return b.whole(source)
}
