package codec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// Schemas are the messages of the schema registry.
type Schemas interface {
	// Message finds a message by a SCHEMAID such as "schema.Message".
	Message(id string) (protoreflect.MessageDescriptor, error)
	// Changes counts the changes of the registry: when it grows, messages are to
	// be asked for again.
	Changes() uint64
}

// Form is how payloads of a format are written, where the format leaves that
// open.
type Form struct {
	SchemaID  string
	Schemas   Schemas  // that SchemaID is looked up in; nil: there are none
	Delimiter string   // between the columns of a line; "": a comma
	HasHeader bool     // the first line has the names of the columns
	Columns   []string // of a line, in their order; nil: col0, col1 … or, written, all in the order of their names
	Packing   Packing  // around payloads that come in
}

// Formats lists those that streams and actions may name.
func Formats() []string {
	return []string{"binary", "cbor", "delimited", "json", "protobuf", "urlencoded"}
}

// unknownFormat says what there is instead.
func unknownFormat(format string) error {
	if strings.EqualFold(format, "custom") {
		return errors.New(`format "custom" is a plugin, which this service has not; formats are compiled in`)
	}
	known := Formats()
	if n := diag.Nearest(format, append(slices.Clone(known), "edgex", "kubeedge")); n != "" {
		return fmt.Errorf("unknown format %q; did you mean %q?", format, n)
	}
	return fmt.Errorf("unknown format %q; there are %s", format, strings.Join(known, ", "))
}

// Writer makes payloads of rows in a format. It is used by one goroutine.
type Writer interface {
	// Append appends the payload of a result, which is one row or an array of
	// rows. It fails with ErrNoRow when there is none and the format has no
	// payload for that.
	Append(dst []byte, rows []*value.Fields, single bool) ([]byte, error)
	// Text tells whether a text is a payload as it is.
	Text() bool
}

// Joiner is a Writer whose payloads can become one, a batch.
type Joiner interface {
	// Join appends one payload of those that Append made.
	Join(dst []byte, payloads [][]byte) []byte
}

// ErrNoRow is the error of a result without rows in a format that has no payload
// for it.
var ErrNoRow = errors.New("a result without rows")

// NewWriter makes the writer of a format other than json, which is written from
// the columns of a batch: see Encoder.
func NewWriter(format string, f Form) (Writer, error) {
	switch format {
	case "binary":
		return binaryWriter{}, nil
	case "cbor":
		return cborWriter{}, nil
	case "delimited":
		return newDelimitedWriter(f)
	case "protobuf":
		return newProtobufWriter(f)
	case "urlencoded":
		return urlWriter{}, nil
	case "kubeedge":
		return nil, errors.New(`format "kubeedge" is for streams; write twins as json, with dataTemplate`)
	}
	return nil, unknownFormat(format)
}

// oneRow is the row of a format that has room for no more in a payload.
func oneRow(format string, rows []*value.Fields) (*value.Fields, error) {
	switch len(rows) {
	case 0:
		return nil, ErrNoRow
	case 1:
		return rows[0], nil
	}
	return nil, fmt.Errorf("a payload of format %s holds one row, not %d; set sendSingle", format, len(rows))
}
