package sql

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// SourceConfig is the configuration of the source.
type SourceConfig struct {
	Server
	Datasource string        `prop:"datasource" doc:"Table to read, if internalSqlQueryCfg does not name it."`
	Interval   time.Duration `prop:"interval" doc:"Pause between the beginnings of two queries."`
	Internal   InternalQuery `prop:"internalSqlQueryCfg" doc:"Rows of a table: {\"table\": \"orders\", \"limit\": 100, \"indexFields\": [{\"indexField\": \"id\", \"indexValue\": 0}]}. With indexFields each query gives the rows behind the last ones, in their order; several fields are compared one after the other. Rows with equal values come together, though there be more than limit. Without indexFields each query gives all rows."`
	Template   TemplateQuery `prop:"templateSqlQueryCfg" doc:"Statement: {\"templateSql\": \"SELECT * FROM orders WHERE id > {{.id}} ORDER BY id\", \"indexFields\": [{\"indexField\": \"id\", \"indexValue\": 0}]}. The highest values of indexFields in a result are there in the next query; they are parameters, with or without quotes around them."`
}

// InternalQuery are the rows of a table.
type InternalQuery struct {
	Table string `prop:"table" doc:"Table to read; a point separates it from its schema."`
	Limit int    `prop:"limit" doc:"Rows of a query at most; 0: all, a thousand at a time where there are indexFields."`
	Indexes
}

// TemplateQuery is a statement.
type TemplateQuery struct {
	SQL connector.Template `prop:"templateSql" doc:"Statement, a Go text/template."`
	Indexes
}

// Indexes are columns that grow from row to row.
type Indexes struct {
	Many []Index `prop:"indexFields" doc:"Columns that grow from row to row."`
	Index
}

// Index is one of them.
type Index struct {
	Field  string `prop:"indexField" doc:"Name of the column."`
	Value  any    `prop:"indexValue" doc:"Value behind which the first query begins; without it with the first row."`
	Type   string `prop:"indexFieldType" doc:"BIGINT, FLOAT, STRING or DATETIME."`
	Format string `prop:"dateTimeFormat" doc:"Form of indexValue if it is a DATETIME, and of DATETIME in templateSql, such as YYYY-MM-dd HH:mm:ss."`
}

// list are all of them.
func (i *Indexes) list() []Index {
	if i.Field == "" {
		return i.Many
	}
	return append([]Index{i.Index}, i.Many...)
}

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	if err := c.Server.Validate(); err != nil {
		return err
	}
	a, err := c.address()
	if err != nil {
		return err
	}
	switch {
	case c.Interval <= 0:
		return errors.New(`property "interval" must be positive`)
	case c.Internal.Limit < 0:
		return errors.New(`property "internalSqlQueryCfg".limit must not be negative`)
	case c.Template.SQL != "" && c.Internal.Table != "":
		return errors.New("internalSqlQueryCfg and templateSqlQueryCfg exclude each other; leave one out")
	}
	_, err = c.query(a.dialect)
	return err
}

// query is what is asked.
func (c *SourceConfig) query(d dialect) (*query, error) {
	if c.Template.SQL != "" {
		return newTemplateQuery(d, &c.Template)
	}
	q := c.Internal
	if q.Table == "" {
		q.Table = c.Datasource
	}
	if q.Table == "" {
		return nil, errors.New("name a table as DATASOURCE or in internalSqlQueryCfg, or give a statement in templateSqlQueryCfg")
	}
	return newTableQuery(d, &q)
}

// tracked tells whether the source goes on where it was.
func (c *SourceConfig) tracked() bool {
	return len(c.Internal.list())+len(c.Template.list()) > 0
}

// startOf are the values behind which the first query begins; nil: with the
// first row.
func startOf(list []Index) ([]value.Value, error) {
	at := make([]value.Value, len(list))
	given := 0
	for i := range list {
		switch {
		case list[i].Field == "":
			return nil, errors.New(`property "indexFields": one has no indexField`)
		case !slices.Contains([]string{"", "BIGINT", "FLOAT", "STRING", "DATETIME"}, strings.ToUpper(list[i].Type)):
			return nil, fmt.Errorf(`property "indexFieldType": there are BIGINT, FLOAT, STRING and DATETIME, not %q`, list[i].Type)
		}
		var err error
		if at[i], err = list[i].start(); err != nil {
			return nil, fmt.Errorf("indexValue of %q: %w", list[i].Field, err)
		}
		if !at[i].IsNull() {
			given++
		}
	}
	switch given {
	case 0:
		return nil, nil
	case len(list):
		return at, nil
	}
	return nil, errors.New("indexValue is given for some of the indexFields; give it for all of them, or for none")
}

func (i *Index) start() (value.Value, error) {
	switch v := i.Value.(type) {
	case nil:
		return value.Value{}, nil
	case bool:
		return value.OfBool(v), nil
	case int:
		return value.OfInt(int64(v)), nil
	case int64:
		return value.OfInt(v), nil
	case float64:
		return whole(v), nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return value.OfInt(n), nil
		}
		f, err := v.Float64()
		return value.OfFloat(f), err
	case string:
		return i.startText(v)
	}
	return value.Value{}, errors.New("a number or a text is wanted")
}

func (i *Index) startText(text string) (value.Value, error) {
	if i.Format == "" || text == "" {
		if text == "" {
			return value.Value{}, nil
		}
		return value.OfString(text), nil
	}
	t, err := time.Parse(layoutOf(i.Format), text)
	if err != nil {
		return value.Value{}, fmt.Errorf("%q is no time in the form %q", text, i.Format)
	}
	return value.OfTime(t.UnixNano()), nil
}

// layoutOf is a form such as YYYY-MM-dd HH:mm:ss as package time has it.
func layoutOf(form string) string { return forms.Replace(form) }

var forms = strings.NewReplacer("YYYY", "2006", "yyyy", "2006", "YY", "06", "yy", "06", "MM", "01", "dd", "02", "DD", "02", "HH", "15", "hh", "03",
	"mm", "04", "ss", "05", "SSSSSS", "000000", "SSS", "000", "ZZ", "-07:00", "Z", "-0700", "T", "T", "a", "PM")

func registerSource(r *connector.Registry) {
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name: "sql",
		Summary: "Asks a database again and again, and reads the rows of the answers. With indexFields it goes on where it was, also after a restart; what was not taken comes again. " +
			"A row that becomes visible later than others with the same or higher values is not seen: a column that the database counts up in the order of its commits is best. " +
			"NUMERIC becomes FLOAT; a time without a zone is taken as UTC.",
		Defaults: SourceConfig{Server: defaultServer, Interval: 10 * time.Second},
		Example:  `{"dburl": "mysql://plant@127.0.0.1/plant", "password": "secret", "interval": "5s", "internalSqlQueryCfg": {"table": "orders", "indexFields": [{"indexField": "id", "indexValue": 0}]}}`,
		Format:   "rows",
		Durable:  func(c SourceConfig) bool { return c.tracked() },
		New:      newSource,
	})
}
