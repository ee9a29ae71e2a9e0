package sql

import (
	"errors"
	"strings"

	"sluice/rules-service/internal/connector"
)

// SinkConfig is the configuration of the sink.
type SinkConfig struct {
	Server
	Table        connector.Template `prop:"table,required" doc:"Table to write to; a point separates it from its schema."`
	Fields       []string           `prop:"fields" doc:"Columns to write, a missing one as NULL; all columns of a row when empty, without rowKindField."`
	KeyField     string             `prop:"keyField" doc:"Column that identifies a row; needed with rowKindField. For upsert it must be unique in the table: its primary key, or a unique index."`
	RowKindField string             `prop:"rowKindField" doc:"Column that says what becomes of the row: insert (as when it is missing), update, upsert (insert, or update the row with its key) or delete."`
}

// Validate checks what the types cannot say.
func (c *SinkConfig) Validate() error {
	if err := c.Server.Validate(); err != nil {
		return err
	}
	if c.RowKindField != "" && c.KeyField == "" {
		return errors.New(`property "keyField" is missing: rowKindField needs the column that identifies a row`)
	}
	a, err := c.address()
	if err != nil {
		return err
	}
	if !c.anyTable() {
		if _, err := quotedTable(a.dialect, string(c.Table)); err != nil {
			return err
		}
	}
	names := c.Fields
	if c.KeyField != "" {
		names = append([]string{c.KeyField}, names...)
	}
	_, err = quotedAll(a.dialect, names)
	return err
}

// anyTable tells whether messages name the table.
func (c *SinkConfig) anyTable() bool { return strings.Contains(string(c.Table), "{{") }

func registerSink(r *connector.Registry) {
	connector.AddSink(r, connector.SinkSpec[SinkConfig]{
		Name: "sql",
		Summary: "Writes rows to a table of PostgreSQL, MariaDB, MySQL or SQLite. What waits is written together, in one transaction: all of it, in its order, or nothing. " +
			"Rows that the database refuses, for their values or for columns that the table has not, become dead letters; the others are written. " +
			"A row may be written twice when the connection is lost at the wrong moment: use upsert, or a unique key. " +
			"Numbers, booleans, times and texts take the types of their columns where they can; a STRUCT or an array is written as JSON, DATETIME as UTC.",
		Defaults: SinkConfig{Server: defaultServer},
		Example:  `{"dburl": "postgres://plant@127.0.0.1/plant", "password": "secret", "table": "alarms", "fields": ["device", "temperature", "at"]}`,
		Rows:     true,
		Key:      func(c SinkConfig) string { return string(c.Table) }, // Connect looks for it
		New:      newSink,
	})
}
