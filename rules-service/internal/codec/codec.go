// Package codec turns payloads into rows and rows into payloads. A decoder is
// made for a schema and converts the columns of that schema only.
package codec

import (
	"sluice/sqlengine"
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
	Form                *Form             // nil: that of plain payloads
	Types               Types             // of the properties of KubeEdge's devices; nil: there are no models
}

// form is never nil.
func (o *DecoderOptions) form() *Form {
	if o.Form == nil {
		return &Form{}
	}
	return o.Form
}

// Decoder reads payloads of one format. It is used by one goroutine.
type Decoder interface {
	// Decode appends the rows of payload to dst, with Cols in the slots of the
	// decoder's schema and Time t. Rows that are right are appended even when
	// others of the payload are wrong: the error then tells of the first. The
	// rows keep nothing of payload. meta may be nil.
	Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error)
}

// decoders by the name of their format in the option FORMAT, and those of
// sources with a format of their own: edgex, rows for what was never encoded,
// texts for rows of texts, as files have them, and kubeedge-flat for what a model
// file of KubeEdge gives types.
var decoders = map[string]func(*value.Schema, DecoderOptions) (Decoder, error){
	"json":       func(s *value.Schema, o DecoderOptions) (Decoder, error) { return newJSONDecoder(s, o), nil },
	"edgex":      func(s *value.Schema, o DecoderOptions) (Decoder, error) { return newEdgeXDecoder(s, o), nil },
	"rows":       func(s *value.Schema, o DecoderOptions) (Decoder, error) { return newRowsDecoder(s, o), nil },
	"texts":      func(s *value.Schema, o DecoderOptions) (Decoder, error) { return newTextsDecoder(s, o), nil },
	"binary":     newBinaryDecoder,
	"cbor":       newCBORDecoder,
	"delimited":  newDelimitedDecoder,
	"protobuf":   newProtobufDecoder,
	"urlencoded": newURLDecoder,

	"kubeedge":      newKubeEdgeDecoder,
	"kubeedge-flat": newKubeEdgeFlat,
}

// NewDecoder makes a decoder of a format for the columns of schema.
func NewDecoder(format string, schema *value.Schema, o DecoderOptions) (Decoder, error) {
	create, ok := decoders[format]
	if !ok {
		return nil, unknownFormat(format)
	}
	d, err := create(schema, o)
	if err != nil || o.Form == nil {
		return d, err
	}
	return newUnpacker(o.Form.Packing, d)
}
