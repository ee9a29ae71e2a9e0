package codec

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/sqlengine/value"
)

// delimitedDecoder reads lines of fields, each line as a row. The columns are
// those of the header, of the property fields or of the declaration, in that
// order of preference; else they are col0, col1 …
type delimitedDecoder struct {
	slots
	reader    fieldReader
	hasHeader bool
	header    []byte // that names and slots were made of
	given     []string
	names     []string // of the fields of a line
	slot      []int    // that they fill; -1: none
	values    []value.Value
}

func newDelimitedDecoder(s *value.Schema, o DecoderOptions) (Decoder, error) {
	f := o.form()
	delimiter, err := delimiterOf(f.Delimiter)
	if err != nil {
		return nil, err
	}
	d := &delimitedDecoder{slots: newSlots("delimited", s, o), hasHeader: f.HasHeader, given: f.Columns}
	d.reader.delimiter = []byte(delimiter)
	if d.given == nil {
		for i := range o.Fields {
			d.given = append(d.given, o.Fields[i].Name)
		}
	}
	return d, nil
}

// delimiterOf checks a delimiter; "" stands for a comma, and \t for a tab, as
// forms cannot hold one.
func delimiterOf(text string) (string, error) {
	switch {
	case text == "":
		return ",", nil
	case text == `\t`:
		return "\t", nil
	case strings.ContainsAny(text, "\"\r\n"):
		return "", errors.New("a delimiter must hold no quote and no line feed")
	}
	return text, nil
}

func (d *delimitedDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	d.reader.begin(payload)
	if d.hasHeader {
		if err := d.readHeader(payload); err != nil {
			return dst, d.wrap(err)
		}
	}
	var first error
	for line := 1; d.reader.more(); line++ {
		cols := d.begin()
		err, fatal := d.line(cols)
		if err == nil {
			var row value.Row
			if row, err = d.end(cols, meta, t); err == nil {
				dst = append(dst, row)
			}
		}
		if err != nil && first == nil {
			first = d.wrap(fmt.Errorf("row %d: %w", line, err))
		}
		if fatal {
			break
		}
	}
	return dst, first
}

// readHeader makes the names of the first line those of the columns. Most
// payloads have the same header.
func (d *delimitedDecoder) readHeader(payload []byte) error {
	if !d.reader.more() {
		return nil
	}
	begin := len(payload) - len(d.reader.rest)
	names := []string{}
	for last := false; !last; {
		var b []byte
		var err error
		if b, last, err = d.reader.field(); err != nil {
			return fmt.Errorf("header: %w", err)
		}
		names = append(names, text(b))
	}
	header := payload[begin : len(payload)-len(d.reader.rest)]
	if d.header == nil || !bytes.Equal(header, d.header) {
		d.header, d.given = bytes.Clone(header), names
		d.names, d.slot = nil, nil
	}
	return nil
}

// line reads the fields of a row; fatal: what follows cannot be read.
func (d *delimitedDecoder) line(cols []value.Value) (first error, fatal bool) {
	whole := d.layout.whole >= 0
	d.values = d.values[:0]
	for i, last := 0, false; !last; i++ {
		var b []byte
		var err error
		if b, last, err = d.reader.field(); err != nil {
			return fmt.Errorf("field %d: %w", i, err), true
		}
		if i == len(d.names) {
			d.column(i)
		}
		if slot := d.slot[i]; slot >= 0 {
			if err := d.putText(cols, slot, b); err != nil && first == nil {
				first = err
			}
		}
		if whole {
			d.values = append(d.values, value.OfString(text(b)))
		}
	}
	if whole {
		n := len(d.values)
		cols[d.layout.whole] = value.OfObject(value.FieldsOf(d.names[:n:n], slices.Clone(d.values)))
	}
	return first, false
}

// column finds out what the next column is.
func (d *delimitedDecoder) column(i int) {
	name := "col" + strconv.Itoa(i)
	if i < len(d.given) {
		name = d.given[i]
	}
	d.names, d.slot = append(d.names, name), append(d.slot, d.layout.slot([]byte(name)))
}

// delimitedWriter writes rows as lines.
type delimitedWriter struct {
	delimiter string
	header    bool
	columns   []string
}

func newDelimitedWriter(f Form) (Writer, error) {
	delimiter, err := delimiterOf(f.Delimiter)
	if err != nil {
		return nil, err
	}
	return &delimitedWriter{delimiter: delimiter, header: f.HasHeader, columns: f.Columns}, nil
}

func (w *delimitedWriter) Append(dst []byte, rows []*value.Fields, _ bool) ([]byte, error) {
	columns := w.columns
	if len(columns) == 0 {
		columns = namesOf(rows)
	}
	if w.header && len(rows) > 0 {
		for i, name := range columns {
			if i > 0 {
				dst = append(dst, w.delimiter...)
			}
			dst = w.quote(dst, []byte(name))
		}
		dst = append(dst, '\n')
	}
	var text []byte
	for n, row := range rows {
		if n > 0 {
			dst = append(dst, '\n')
		}
		for i, name := range columns {
			if i > 0 {
				dst = append(dst, w.delimiter...)
			}
			var err error
			if text, err = appendText(text[:0], row.Get(name)); err != nil {
				return dst, fmt.Errorf("column %q: %w", name, err)
			}
			if len(columns) == 1 && len(text) == 0 { // or it would be no row
				dst = append(dst, '"', '"')
				continue
			}
			dst = w.quote(dst, text)
		}
	}
	return dst, nil
}

// namesOf are the columns of all rows, in the order of their names.
func namesOf(rows []*value.Fields) []string {
	if len(rows) == 1 {
		return rows[0].Names
	}
	var names []string
	for i, row := range rows {
		if i == 0 || !slices.Equal(row.Names, rows[0].Names) {
			names = append(names, row.Names...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// quote appends a field, with quotes where it would be read as something else.
func (w *delimitedWriter) quote(dst, field []byte) []byte {
	if !bytes.ContainsAny(field, "\"\r\n") && !bytes.Contains(field, []byte(w.delimiter)) {
		return append(dst, field...)
	}
	dst = append(dst, '"')
	dst = append(dst, bytes.ReplaceAll(field, []byte{'"'}, []byte(`""`))...)
	return append(dst, '"')
}

// Join puts payloads below each other, under one header while it stays the same.
func (w *delimitedWriter) Join(dst []byte, payloads [][]byte) []byte {
	var header []byte
	for i, p := range payloads {
		if i > 0 {
			dst = append(dst, '\n')
		}
		if w.header {
			switch rest, same := bytes.CutPrefix(p, header); {
			case i > 0 && same && len(header) > 0:
				p = rest
			default:
				header = p[:bytes.IndexByte(p, '\n')+1]
			}
		}
		dst = append(dst, p...)
	}
	return dst
}

func (w *delimitedWriter) Text() bool { return true }
