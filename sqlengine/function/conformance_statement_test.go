package function_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/function"
	"sluice/sqlengine/sqltest"
	"sluice/sqlengine/value"
)

// TestConformanceOfStatements runs each case as a whole: its stream, its
// statement, its message. The message comes as values, and as JSON.
func TestConformanceOfStatements(t *testing.T) {
	for _, c := range function.ReadConformance(t) {
		t.Run(c.ID, func(t *testing.T) {
			for name, input := range map[string]input{"values": asValues, "JSON": asJSON} {
				if err := c.Check(runCase(c, input)); err != nil {
					t.Errorf("%v (as %s)", err, name)
				}
			}
		})
	}
}

// input makes the columns that the query reads out of a message.
type input func(s *sqlengine.Stream, columns []value.Column, message []byte) ([]value.Value, error)

func asJSON(s *sqlengine.Stream, columns []value.Column, message []byte) ([]value.Value, error) {
	d := sqltest.Decoder{Stream: s, Columns: columns, WholeNumbers: true}
	rows, err := d.Decode(string(message), "")
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func asValues(_ *sqlengine.Stream, columns []value.Column, message []byte) ([]value.Value, error) {
	d := json.NewDecoder(bytes.NewReader(message))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil {
		return nil, err
	}
	row := make([]value.Value, len(columns))
	for i, c := range columns {
		row[i] = value.Missing
		if v, ok := fields[c.Name]; ok {
			row[i] = valueOf(v)
		}
	}
	return row, nil
}

func valueOf(v any) value.Value {
	switch v := v.(type) {
	case bool:
		return value.OfBool(v)
	case string:
		return value.OfString(v)
	case json.Number:
		if i, err := v.Int64(); err == nil && !strings.ContainsAny(v.String(), ".eE") {
			return value.OfInt(i)
		}
		f, _ := v.Float64()
		return value.OfFloat(f)
	case []any:
		l := make([]value.Value, len(v))
		for i, e := range v {
			l[i] = valueOf(e)
		}
		return value.OfList(l)
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		l := make([]value.Value, len(names))
		for i, name := range names {
			l[i] = valueOf(v[name])
		}
		return value.OfObject(value.FieldsOf(names, l))
	}
	return value.Value{}
}

type catalog map[string]*sqlengine.Stream

func (c catalog) Stream(name string) (*sqlengine.Stream, bool) { s, ok := c[name]; return s, ok }
func (c catalog) Names() []string                              { return slices.Sorted(maps.Keys(c)) }

// runCase gives the only row, as a sink writes it, or why there is none.
func runCase(c function.ConformanceCase, read input) ([]byte, error) {
	streams := catalog{}
	for name, ddl := range c.Streams {
		s, err := sqlengine.ParseStatement(ddl)
		if err != nil {
			return nil, err
		}
		streams[name] = s.Stream
	}
	q, err := sqlengine.Compile(c.SQL, streams, sqlengine.Options{})
	if err != nil {
		return nil, err
	}
	out := &collector{schema: q.Output()}
	run, err := q.Open(sqlengine.Env{
		RuleID: "conformance", Start: time.Unix(0, 0), Now: func() time.Time { return time.Unix(0, 0) }, Location: time.UTC,
		OnRowError: func(err *sqlengine.RowError) { out.errs = append(out.errs, err) },
	}, out)
	if err != nil {
		return nil, err
	}
	row, err := read(streams["fs"], q.Columns("fs"), c.Inputs[0].Msg)
	if err != nil {
		return nil, err
	}
	if err := run.Push("fs", &value.Batch{Rows: []value.Row{{Cols: row}}}); err != nil {
		return nil, err
	}
	return out.only()
}

// collector keeps what a query yields.
type collector struct {
	schema *value.Schema
	rows   [][]byte
	errs   []error
}

func (c *collector) Push(b *value.Batch) error {
	for _, r := range b.Rows {
		var names []string
		var values []value.Value
		for i, col := range c.schema.Columns {
			if !r.Cols[i].IsMissing() {
				names, values = append(names, col.Name), append(values, r.Cols[i])
			}
		}
		row, err := value.OfObject(value.FieldsOf(names, values)).AppendJSON(nil)
		if err != nil {
			return err
		}
		c.rows = append(c.rows, row)
	}
	return nil
}
func (c *collector) Advance(int64) error { return nil }
func (c *collector) Close() error        { return nil }

// only is one row, or one error, and nothing beside.
func (c *collector) only() ([]byte, error) {
	switch {
	case len(c.rows) == 1 && len(c.errs) == 0:
		return c.rows[0], nil
	case len(c.rows) == 0 && len(c.errs) == 1:
		return nil, c.errs[0]
	}
	return []byte(fmt.Sprintf("%q and errors %v", c.rows, errors.Join(c.errs...))), nil
}
