// Package plan turns a parsed query and a catalog of streams into a typed
// logical plan: names become columns, calls become bound functions, constants
// are folded, and the clauses become a list of steps. One rule of the dialect
// is one file.
package plan

import "sluice/sqlengine/value"

// Catalog knows the streams and tables that a query may name.
type Catalog interface {
	Stream(name string) (*Stream, bool)
	Names() []string // for the hint of a misspelt name
}

// Stream is the definition of a stream or table.
type Stream struct {
	Name       string
	Table      bool
	Fields     []Field // declared columns; none when schemaless
	Schemaless bool
	Options    Options
}

// Field is a declared column, or a field of a STRUCT.
type Field struct {
	Name    string
	Kind    value.Kind
	Elem    *Field      // of an ARRAY; its Name is empty
	Fields  []Field     // of a STRUCT
	Default value.Value // taken where the input has no such key; Missing: none declared
}

// Options are the options of a stream as its definition gives them, with the
// defaults of the dialect in place.
type Options struct {
	Datasource       string
	Type             string // "mqtt" by default; "file" for tables
	Format           string // "json" by default
	ConfKey          string
	Key              string
	SchemaID         string
	Delimiter        string
	StrictValidation bool
	Timestamp        string
	TimestampFormat  string
	Shared           bool
	Kind             string // of tables: "scan" by default, or "lookup"
	RetainSize       int    // 0: not given
	Version          string
	Extra            string // a JSON object, or ""
	Temp             bool
}

// Field returns the declared column of that name.
func (s *Stream) Field(name string) (*Field, bool) {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i], true
		}
	}
	return nil, false
}
