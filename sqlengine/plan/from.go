package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// from finds the stream of FROM; without it nothing else can be checked.
func (b *builder) from() bool {
	src := b.query.From
	stream, ok := b.catalog.Stream(src.Name.Name)
	if !ok {
		b.find(diag.UnknownStream, src.Name.Span, diag.DidYouMean(src.Name.Name, b.catalog.Names()), "unknown stream %q", src.Name.Name)
		return false
	}
	if stream.Table {
		b.find(diag.Unsupported, src.Name.Span, "Read a stream and join the table.", "%q is a table: a query cannot read it alone", stream.Name)
		return false
	}
	b.source = &Source{Stream: stream, Name: stream.Name}
	if src.Alias.Name != "" {
		b.source.Name = src.Alias.Name
	}
	return true
}

// joins are of the dialect but not of this version.
func (b *builder) joins() {
	for _, j := range b.query.Joins {
		b.find(diag.Unsupported, j.Span, "", "%s JOIN is not supported yet", j.Kind)
	}
}

// readColumn is the column of the plan that reads that of the stream.
func (b *builder) readColumn(name string, role value.Role, kind value.Kind) *Column {
	key := readKey{name, role}
	id, ok := b.read[key]
	if !ok {
		id = b.newColumn(ColumnInfo{Name: name, Kind: kind, Role: role})
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

// whole is the whole row as an object.
func (b *builder) whole() Expr {
	if b.source.Stream.Schemaless {
		return b.readColumn("*", value.Whole, value.Object)
	}
	s := &Struct{}
	for _, f := range b.source.Stream.Fields {
		s.Names = append(s.Names, f.Name)
		s.Args = append(s.Args, b.readColumn(f.Name, value.Field, f.Kind))
	}
	return s
}
