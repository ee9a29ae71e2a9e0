package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// from finds the stream of FROM; without it nothing else can be checked.
func (b *builder) from() bool {
	src := b.query.From
	if !b.addSource(src) {
		return false
	}
	if s := b.sources[0]; s.IsTable() {
		b.find(diag.Unsupported, src.Name.Span, "Read a stream and join the table.", "%q is a table: a query cannot read it alone", s.Stream.Name)
		return false
	}
	return true
}

func (b *builder) addSource(src syntax.Source) bool {
	stream, ok := b.catalog.Stream(src.Name.Name)
	if !ok {
		b.find(diag.UnknownStream, src.Name.Span, diag.DidYouMean(src.Name.Name, b.catalog.Names()), "unknown stream %q", src.Name.Name)
		return false
	}
	s := &Source{Stream: stream, Name: stream.Name}
	if src.Alias.Name != "" {
		s.Name = src.Alias.Name
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
	if role == value.Meta {
		shown = "meta(" + name + ")"
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
