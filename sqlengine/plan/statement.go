package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Verb is what a Statement does.
type Verb string

// The statements.
const (
	Create   Verb = "CREATE"
	Show     Verb = "SHOW"
	Describe Verb = "DESCRIBE"
	Explain  Verb = "EXPLAIN"
	Drop     Verb = "DROP"
)

// Statement is a statement about streams or tables.
type Statement struct {
	Verb   Verb
	Table  bool
	Name   string  // not of SHOW
	Stream *Stream // of CREATE
}

// ParseStatement reads a statement. The error is a diag.List.
func ParseStatement(text string) (Statement, error) {
	s, err := syntax.ParseStatement(text)
	if err != nil {
		return Statement{}, err
	}
	st := Statement{Verb: Verb(s.Verb), Table: s.Table, Name: s.Name.Name}
	var d definition
	if s.Verb != "SHOW" {
		d.checkName(s.Name)
	}
	if s.Verb == "CREATE" {
		st.Stream = d.stream(s)
	}
	return st, d.findings.Err()
}

// definition reads CREATE and collects what is wrong with it.
type definition struct{ findings diag.List }

func (d *definition) find(code diag.Code, span diag.Span, hint, message string) {
	d.findings = append(d.findings, &diag.Error{Code: code, Span: span, Message: message, Hint: hint})
}

func (d *definition) checkName(id syntax.Ident) {
	if syntax.Reserved(id.Name) {
		d.find(diag.Syntax, id.Span, "", `"`+id.Name+`" is a reserved word and cannot name a stream`)
	}
	for _, r := range id.Name {
		if r != '_' && r != '-' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') {
			d.find(diag.Syntax, id.Span, "Use letters, digits, _ and -.", `the name "`+id.Name+`" has a character that a stream's name cannot have`)
			return
		}
	}
}

func (d *definition) stream(s *syntax.Statement) *Stream {
	st := &Stream{Name: s.Name.Name, Table: s.Table, Schemaless: len(s.Fields) == 0, Fields: d.fields(s.Fields)}
	st.Options = d.options(s)
	if ts := st.Options.Timestamp; ts != "" && !st.Schemaless {
		if _, ok := st.Field(ts); !ok {
			d.find(diag.UnknownColumn, optionSpan(s, "TIMESTAMP"), diag.DidYouMean(ts, fieldNames(st.Fields)), `TIMESTAMP names "`+ts+`", which is no column of the stream`)
		}
	}
	return st
}

func fieldNames(list []Field) []string {
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = f.Name
	}
	return names
}

func (d *definition) fields(defs []syntax.FieldDef) []Field {
	var list []Field
	seen := map[string]bool{}
	for _, def := range defs {
		if seen[def.Name.Name] {
			d.find(diag.Duplicate, def.Name.Span, "", `duplicate column "`+def.Name.Name+`"`)
		}
		seen[def.Name.Name] = true
		list = append(list, d.field(def))
	}
	return list
}

func (d *definition) field(def syntax.FieldDef) Field {
	f := d.typed(def.Name.Name, def.Type)
	if def.Default == nil {
		return f
	}
	v, ok := defaultValue(def.Default.Value, f.Kind)
	if !ok {
		d.find(diag.TypeMismatch, def.Default.Span, "", "the default of a "+f.Kind.String()+" cannot be a "+def.Default.Value.Kind().String())
	}
	f.Default = v
	return f
}

func (d *definition) typed(name string, t syntax.Type) Field {
	f := Field{Name: name, Kind: t.Kind, Default: value.Missing}
	if t.Elem != nil {
		elem := d.typed("", *t.Elem)
		f.Elem = &elem
	}
	f.Fields = d.fields(t.Fields)
	return f
}

// defaultValue is a literal as a value of the column's kind.
func defaultValue(v value.Value, k value.Kind) (value.Value, bool) {
	switch {
	case v.Kind() == k:
		return v, true
	case k == value.Float && v.Kind() == value.Int:
		return value.OfFloat(float64(v.Int())), true
	case k == value.Bytes && v.Kind() == value.String:
		return value.OfBytes([]byte(v.Str())), true
	case k == value.Time && (v.Kind() == value.Int || v.Kind() == value.String):
		return v, true
	}
	return v, false
}
