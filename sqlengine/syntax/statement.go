package syntax

import (
	"fmt"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// Statement is a statement about streams or tables.
type Statement struct {
	Pos
	Verb    string // CREATE, SHOW, DESCRIBE, EXPLAIN or DROP
	Table   bool
	Name    Ident // not of SHOW
	Fields  []FieldDef
	Options []Option
}

// FieldDef declares a column, or a field of a STRUCT.
type FieldDef struct {
	Pos
	Name    Ident
	Type    Type
	Default *Literal // or nil
}

// Type is the type of a column.
type Type struct {
	Pos
	Kind   value.Kind
	Elem   *Type      // of an ARRAY
	Fields []FieldDef // of a STRUCT
}

// Option is one KEY = "value" of WITH.
type Option struct {
	Key   Ident
	Value Literal // a text or a truth value
}

var verbs = []string{"CREATE", "SHOW", "DESCRIBE", "EXPLAIN", "DROP"}

// ParseStatement reads a CREATE, SHOW, DESCRIBE, EXPLAIN or DROP statement.
func ParseStatement(text string) (*Statement, error) {
	p := newParser(text)
	s := p.statement()
	if err := p.finish(); err != nil {
		return nil, err
	}
	return s, nil
}

func (p *parser) statement() *Statement {
	s := &Statement{}
	start := p.tok.span.Start
	for _, verb := range verbs {
		if p.acceptWord(verb) {
			s.Verb = verb
			break
		}
	}
	if s.Verb == "" {
		p.fail(p.tok.span, diag.DidYouMean(p.tok.text, verbs), "expected CREATE, SHOW, DESCRIBE, EXPLAIN or DROP, found %s", p.tok.shown())
		return s
	}
	p.subject(s)
	if s.Verb != "SHOW" {
		s.Name = p.ident("a name")
	}
	if s.Verb == "CREATE" {
		p.definition(s)
	}
	s.Pos = p.since(start)
	return s
}

// subject reads STREAM or TABLE, of SHOW in the plural.
func (p *parser) subject(s *Statement) {
	stream, table := "STREAM", "TABLE"
	if s.Verb == "SHOW" {
		stream, table = "STREAMS", "TABLES"
	}
	switch {
	case p.acceptWord(stream):
	case p.acceptWord(table):
		s.Table = true
	default:
		p.fail(p.tok.span, diag.DidYouMean(p.tok.text, []string{stream, table}), "expected %s or %s, found %s", stream, table, p.tok.shown())
	}
}

func (p *parser) definition(s *Statement) {
	p.expect("(")
	if !p.tok.is(")") {
		s.Fields = p.fieldDefs()
	}
	p.expect(")")
	if !p.acceptWord("WITH") {
		p.expected("WITH")
	}
	p.expect("(")
	for !p.tok.is(")") && p.err == nil {
		s.Options = append(s.Options, p.option())
		p.accept(",")
	}
	p.expect(")")
}

func (p *parser) fieldDefs() []FieldDef {
	list := []FieldDef{p.fieldDef()}
	for p.accept(",") {
		list = append(list, p.fieldDef())
	}
	return list
}

func (p *parser) fieldDef() FieldDef {
	f := FieldDef{Name: p.ident("the name of a column")}
	f.Type = p.typeName()
	if p.accept("DEFAULT") {
		if l, ok := p.prefix(levelPostfix).(*Literal); ok {
			f.Default = l
		} else {
			p.fail(p.prev, "", "DEFAULT takes a number, a text, TRUE or FALSE")
		}
	}
	f.Pos = p.since(f.Name.Start)
	return f
}

var typeNames = []string{"BIGINT", "FLOAT", "STRING", "BYTEA", "DATETIME", "BOOLEAN", "ARRAY", "STRUCT"}

var typeKinds = []value.Kind{value.Int, value.Float, value.String, value.Bytes, value.Time, value.Bool, value.List, value.Object}

// foreignTypes are names that other systems have for the types.
var foreignTypes = map[string]string{
	"INT": "BIGINT", "INTEGER": "BIGINT", "LONG": "BIGINT", "SMALLINT": "BIGINT", "TINYINT": "BIGINT",
	"DOUBLE": "FLOAT", "REAL": "FLOAT", "DECIMAL": "FLOAT", "NUMBER": "FLOAT", "NUMERIC": "FLOAT",
	"TEXT": "STRING", "VARCHAR": "STRING", "CHAR": "STRING", "BOOL": "BOOLEAN", "BYTES": "BYTEA", "BLOB": "BYTEA",
	"TIMESTAMP": "DATETIME", "DATE": "DATETIME", "LIST": "ARRAY", "OBJECT": "STRUCT", "MAP": "STRUCT", "JSON": "STRUCT",
}

func typeHint(name string) string {
	if own, ok := foreignTypes[strings.ToUpper(name)]; ok {
		return fmt.Sprintf("The type is called %s here.", own)
	}
	return diag.DidYouMean(name, typeNames)
}

func (p *parser) typeName() Type {
	start := p.tok.span.Start
	t := Type{}
	for i, name := range typeNames {
		if p.acceptWord(name) {
			t.Kind = typeKinds[i]
			break
		}
	}
	p.depth++
	defer func() { p.depth-- }()
	switch {
	case t.Kind == value.Null || p.depth > maxDepth:
		p.fail(p.tok.span, typeHint(p.tok.text), "expected a type, found %s", p.tok.shown())
	case t.Kind == value.List:
		p.expect("(")
		elem := p.typeName()
		t.Elem = &elem
		p.expect(")")
	case t.Kind == value.Object:
		p.expect("(")
		t.Fields = p.fieldDefs()
		p.expect(")")
	}
	t.Pos = p.since(start)
	return t
}

func (p *parser) option() Option {
	if p.tok.kind != tokenName {
		p.expected("an option")
		return Option{}
	}
	o := Option{Key: p.ident("an option")}
	p.expect("=")
	t := p.tok
	switch {
	case t.kind == tokenString:
		o.Value = Literal{Pos{t.span}, value.OfString(t.text)}
		p.advance()
	case p.accept("TRUE"):
		o.Value = Literal{Pos{t.span}, value.OfBool(true)}
	case p.accept("FALSE"):
		o.Value = Literal{Pos{t.span}, value.OfBool(false)}
	default:
		p.fail(t.span, "Put the value in double quotes.", "the value of %s must be a text, TRUE or FALSE, not %s", o.Key.Name, t.shown())
	}
	return o
}
