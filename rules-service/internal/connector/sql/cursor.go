package sql

import (
	"context"
	dbsql "database/sql"
	"errors"

	"sluice/sqlengine/value"
)

// cursor is an answer that is being read.
type cursor struct {
	rows    *dbsql.Rows
	cancel  context.CancelFunc
	dialect dialect
	names   []string // of the columns
	kinds   []string
	hidden  int // columns at the end that are no part of the rows
	cells   []any
	into    []any // pointers to cells
	ahead   bool  // the next row is there already
}

// row is one of an answer.
type row struct {
	fields *value.Fields
	at     []value.Value // of the hidden columns
}

// asker runs statements: a connection, or a pool of them.
type asker interface {
	QueryContext(ctx context.Context, text string, args ...any) (*dbsql.Rows, error)
}

// ask runs a statement. The answer may be read for as long as ctx lasts.
func ask(ctx context.Context, to asker, d dialect, st statement, hidden int) (*cursor, error) {
	ctx, cancel := context.WithCancel(ctx)
	rows, err := to.QueryContext(ctx, st.text, st.args...)
	if err != nil {
		cancel()
		return nil, err
	}
	c := &cursor{rows: rows, cancel: cancel, dialect: d, hidden: hidden}
	if err := c.describe(); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *cursor) describe() error {
	types, err := c.rows.ColumnTypes()
	if err != nil {
		return err
	}
	for _, t := range types {
		c.names, c.kinds = append(c.names, t.Name()), append(c.kinds, t.DatabaseTypeName())
	}
	if c.hidden > len(types) {
		return errors.New("the answer has too few columns")
	}
	c.cells, c.into = make([]any, len(types)), make([]any, len(types))
	for i := range c.cells {
		c.into[i] = &c.cells[i]
	}
	return nil
}

// next returns the next row; false: there is none.
func (c *cursor) next() (row, bool, error) {
	if !c.ahead && !c.rows.Next() {
		return row{}, false, c.rows.Err()
	}
	c.ahead = false
	if err := c.rows.Scan(c.into...); err != nil {
		return row{}, false, err
	}
	n := len(c.names) - c.hidden
	names, values := append([]string(nil), c.names[:n]...), make([]value.Value, n)
	for i := range values {
		values[i] = c.dialect.column(c.cells[i], c.kinds[i])
	}
	r := row{fields: value.FieldsOf(names, values)}
	for _, x := range c.cells[n:] {
		r.at = append(r.at, exactly(x))
	}
	return r, true, nil
}

// more tells whether there is another row.
func (c *cursor) more() bool {
	c.ahead = c.ahead || c.rows.Next()
	return c.ahead
}

// all are the rows that are left, which must be few.
func (c *cursor) all() (list []row, err error) {
	for {
		r, ok, err := c.next()
		if !ok || err != nil {
			return list, err
		}
		list = append(list, r)
	}
}

// close gives up what was not read.
func (c *cursor) close() error {
	c.cancel()
	if err := c.rows.Close(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// exactly is what a driver has read, to be compared with the column again.
func exactly(x any) value.Value {
	switch t := x.(type) {
	case float32:
		return value.OfFloat(float64(t))
	case []byte:
		return value.OfString(string(t))
	}
	return ofDriver(x)
}
