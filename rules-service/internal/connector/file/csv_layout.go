package file

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"

	"github.com/valyala/fastjson"
)

// csvLayout is a row a line.
type csvLayout struct {
	header bool
	fields []string

	// These are used again for each message.
	parser fastjson.Parser
	row    [1]*fastjson.Value // of a message that is one
	buf    bytes.Buffer
	writer *csv.Writer // to buf
	cells  []string
	text   []byte // of all cells of a row
	ends   []int  // of each of them
}

func newCSVLayout(c *SinkConfig) (*csvLayout, error) {
	l := &csvLayout{header: c.HasHeader, fields: c.Fields}
	l.writer = csv.NewWriter(&l.buf)
	var err error
	l.writer.Comma, err = comma(c.Delimiter)
	return l, err
}

func (*csvLayout) tail() []byte { return nil }

// message takes a row, an array of rows, or a text of a template, which is a
// line as it is.
func (l *csvLayout) message(dst []byte, o *output, payload []byte) ([]byte, error) {
	columns := o.columns
	if columns == nil {
		columns = l.fields
	}
	var rows []*fastjson.Value
	text := bytes.TrimSpace(payload)
	plain := len(text) > 0 && text[0] != '{' && text[0] != '['
	if !plain {
		var err error
		if rows, err = l.rows(payload); err != nil || len(rows) == 0 {
			return dst, err
		}
		if len(columns) == 0 {
			columns = namesOf(rows[0])
		}
	}
	lines, err := l.lines(rows, columns, l.header && o.empty && len(columns) > 0)
	if err != nil {
		return dst, err
	}
	o.columns = columns
	dst = append(dst, lines...)
	if plain {
		dst = append(append(dst, text...), '\n')
	}
	return dst, nil
}

// rows are those of a message. They are valid until the next call.
func (l *csvLayout) rows(payload []byte) ([]*fastjson.Value, error) {
	v, err := l.parser.ParseBytes(payload)
	if err != nil {
		return nil, fmt.Errorf("a csv file wants rows in JSON: %w", err)
	}
	l.row[0] = v
	rows := l.row[:]
	if v.Type() == fastjson.TypeArray {
		rows = v.GetArray()
	}
	for _, r := range rows {
		if r.Type() != fastjson.TypeObject {
			return nil, errors.New("a csv file wants rows, which are objects")
		}
	}
	return rows, nil
}

// namesOf are the columns of a row, in order.
func namesOf(row *fastjson.Value) []string {
	var names []string
	row.GetObject().Visit(func(name []byte, _ *fastjson.Value) { names = append(names, string(name)) })
	slices.Sort(names)
	return slices.Compact(names)
}

// lines are valid until the next call.
func (l *csvLayout) lines(rows []*fastjson.Value, columns []string, header bool) ([]byte, error) {
	l.buf.Reset()
	if header {
		if err := l.writer.Write(columns); err != nil {
			return nil, err
		}
	}
	for _, r := range rows {
		l.cut(r, columns)
		if err := l.writer.Write(l.cells); err != nil {
			return nil, err
		}
	}
	l.writer.Flush()
	return l.buf.Bytes(), l.writer.Error()
}

// cut makes the cells of a row, with one piece of memory for all of them.
func (l *csvLayout) cut(row *fastjson.Value, columns []string) {
	l.text, l.ends, l.cells = l.text[:0], l.ends[:0], l.cells[:0]
	for _, name := range columns {
		l.text = appendCell(l.text, row.Get(name))
		l.ends = append(l.ends, len(l.text))
	}
	text, from := string(l.text), 0
	for _, end := range l.ends {
		l.cells = append(l.cells, text[from:end])
		from = end
	}
}

// appendCell appends a value as a text; null and what is missing are empty.
func appendCell(dst []byte, v *fastjson.Value) []byte {
	switch {
	case v == nil || v.Type() == fastjson.TypeNull:
		return dst
	case v.Type() == fastjson.TypeString:
		return append(dst, v.GetStringBytes()...)
	}
	return v.MarshalTo(dst)
}
