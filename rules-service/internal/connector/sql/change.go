package sql

import (
	"errors"
	"fmt"
	"slices"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// What becomes of a row.
const (
	insert   = "insert"
	update   = "update"
	upsert   = "upsert"
	deletion = "delete"
)

// change is a row to be written.
type change struct {
	kind    string
	table   string
	columns []string // that are written; equal ones are the same slice, mostly
	values  []value.Value
	key     value.Value // of the row, where the kind needs it
}

// alike tells whether two changes go into one statement.
func (c *change) alike(o *change) bool {
	return c.kind == o.kind && c.table == o.table && slices.Equal(c.columns, o.columns)
}

// changes appends those of a message.
func (c *SinkConfig) changes(dst []change, m *connector.Outbound) ([]change, error) {
	rows, err := codec.ParseRows(m.Payload)
	if err != nil {
		return dst, err
	}
	table := m.Value("table", string(c.Table))
	for _, row := range rows {
		ch, err := c.change(row)
		if err != nil {
			return dst, err
		}
		ch.table = table
		dst = append(dst, ch)
	}
	return dst, nil
}

func (c *SinkConfig) change(row *value.Fields) (ch change, err error) {
	if ch.kind, err = c.kind(row); err != nil {
		return ch, err
	}
	if ch.kind != insert {
		if ch.key = row.Get(c.KeyField); ch.key.IsNull() {
			return ch, fmt.Errorf("column %q, the key, is missing in the row", c.KeyField)
		}
	}
	if ch.kind == deletion {
		return ch, nil
	}
	if ch.columns, ch.values = c.written(row); len(ch.columns) == 0 {
		return ch, errors.New("the row has no column to write")
	}
	return ch, nil
}

// kind is what becomes of a row.
func (c *SinkConfig) kind(row *value.Fields) (string, error) {
	if c.RowKindField == "" {
		return insert, nil
	}
	v := row.Get(c.RowKindField)
	switch {
	case v.IsNull():
		return insert, nil
	case v.Kind() == value.String:
		switch kind := v.Str(); kind {
		case insert, update, upsert, deletion:
			return kind, nil
		}
	}
	return "", fmt.Errorf("column %q must be insert, update, upsert or delete", c.RowKindField)
}

// written are the columns of a row that are written.
func (c *SinkConfig) written(row *value.Fields) (columns []string, values []value.Value) {
	if len(c.Fields) > 0 {
		values = make([]value.Value, len(c.Fields))
		for i, name := range c.Fields {
			values[i] = row.Get(name)
		}
		return c.Fields, values
	}
	at, there := slices.BinarySearch(row.Names, c.RowKindField)
	if c.RowKindField == "" || !there {
		return row.Names, row.Values
	}
	return slices.Concat(row.Names[:at], row.Names[at+1:]), slices.Concat(row.Values[:at], row.Values[at+1:])
}
