// Package codec turns payloads into rows and rows into payloads. A decoder is
// made for a schema and converts the columns of that schema only.
package codec

import (
	"fmt"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// Meta answers what meta(key) asks of a message. Its shape is that of
// connector.Meta.
type Meta interface {
	Get(key string) value.Value // value.Missing for a key it has not
	All() value.Value           // all keys as one STRUCT
}

// DecoderOptions are the properties of a stream that a decoder follows.
type DecoderOptions struct {
	Fields              []sqlengine.Field // declared columns; nil: schemaless
	Strict              bool              // a missing declared column fails the row
	Int64ForWholeNumber bool              // undeclared JSON numbers without a point are BIGINT
}

// Decoder reads payloads of one format. It is used by one goroutine.
type Decoder interface {
	// Decode appends the rows of payload to dst, with Cols in the slots of the
	// decoder's schema and Time t. Rows that are right are appended even when
	// others of the payload are wrong: the error then tells of the first. The
	// rows keep nothing of payload. meta may be nil.
	Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error)
}

// formats by their name in the option FORMAT, and those of sources with a
// format of their own: edgex, and rows for what was never encoded.
var formats = map[string]func(*value.Schema, DecoderOptions) Decoder{
	"json":  func(s *value.Schema, o DecoderOptions) Decoder { return newJSONDecoder(s, o) },
	"edgex": func(s *value.Schema, o DecoderOptions) Decoder { return newEdgeXDecoder(s, o) },
	"rows":  func(s *value.Schema, o DecoderOptions) Decoder { return newRowsDecoder(s, o) },
}

// NewDecoder makes a decoder of a format for the columns of schema.
func NewDecoder(format string, schema *value.Schema, o DecoderOptions) (Decoder, error) {
	if f, ok := formats[format]; ok {
		return f(schema, o), nil
	}
	if n := diag.Nearest(format, []string{"json", "edgex"}); n != "" {
		return nil, fmt.Errorf("unknown format %q; did you mean %q?", format, n)
	}
	return nil, fmt.Errorf("unknown format %q; there are edgex and json", format)
}
