package sql

import (
	"context"
	dbsql "database/sql"
	"errors"
	"strings"
	"sync"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// LookupConfig is the configuration of the lookup table.
type LookupConfig struct {
	Server
	Datasource string `prop:"datasource,required" doc:"Table; a point separates it from its schema."`
	Key        string `prop:"key" doc:"Accepted: the option KEY of the table. Rows are found by all columns that the rule compares."`
}

// Validate checks what the types cannot say.
func (c *LookupConfig) Validate() error {
	if err := c.Server.Validate(); err != nil {
		return err
	}
	a, err := c.address()
	if err == nil {
		_, err = quotedTable(a.dialect, c.Datasource)
	}
	return err
}

// lookupConnections are those of a lookup table: the rules of several shards
// may ask at once.
const lookupConnections = 4

func registerLookup(r *connector.Registry) {
	connector.AddLookup(r, connector.LookupSpec[LookupConfig]{
		Name: "sql",
		Summary: "Asks a table of PostgreSQL, MariaDB, MySQL or SQLite for the rows in which the columns have the values that the rule compares them with. " +
			"An index on these columns keeps rules from waiting; so does the cache.",
		Defaults: LookupConfig{Server: defaultServer},
		Example:  `{"dburl": "postgres://plant@127.0.0.1/plant", "password": "secret", "datasource": "machines", "lookup": {"cache": true, "cacheTtl": "1m"}}`,
		New: func(c LookupConfig, env connector.Env) (connector.Lookup, error) {
			db, err := c.open(env, reading)
			if err != nil {
				return nil, err
			}
			db.SetMaxOpenConns(lookupConnections)
			db.SetMaxIdleConns(lookupConnections)
			return &lookup{config: c, db: db, ready: map[string]*dbsql.Stmt{}}, nil
		},
	})
}

type lookup struct {
	config LookupConfig
	db     *database

	mu    sync.Mutex
	ready map[string]*dbsql.Stmt // by text
}

// Connect finds out whether the table is there.
func (l *lookup) Connect(ctx context.Context) error {
	connecting, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	table, err := quotedTable(l.db.dialect, l.config.Datasource)
	if err != nil {
		return err
	}
	rows, err := l.db.QueryContext(connecting, "SELECT 1 FROM "+table+" WHERE 1 = 0")
	if err == nil {
		err = errors.Join(rows.Err(), rows.Close())
	}
	return l.db.judge(ctx, err)
}

// Find implements connector.Lookup.
func (l *lookup) Find(ctx context.Context, columns []string, values []value.Value) ([]*value.Fields, error) {
	st, err := l.question(columns, values)
	if err != nil {
		return nil, err
	}
	found, err := l.ask(ctx, st)
	err = l.db.judge(ctx, err)
	var permanent *connector.Permanent
	switch {
	case err == nil:
		return matching(found, columns, values), nil
	case errors.As(err, &permanent) && l.db.dialect.unfit(err):
		return nil, nil // no row has what the column cannot hold
	}
	return nil, err
}

func (l *lookup) question(columns []string, values []value.Value) (statement, error) {
	d := l.db.dialect
	table, err := quotedTable(d, l.config.Datasource)
	if err != nil {
		return statement{}, err
	}
	names, err := quotedAll(d, columns)
	if err != nil {
		return statement{}, err
	}
	st := statement{text: "SELECT * FROM " + table + " WHERE "}
	for i, v := range values {
		st.args = append(st.args, d.param(v))
		names[i] += " = " + d.placeholder(i+1)
	}
	st.text += strings.Join(names, " AND ")
	return st, nil
}

func (l *lookup) ask(ctx context.Context, st statement) ([]row, error) {
	prepared, err := l.prepare(ctx, st.text)
	if err != nil {
		return nil, err
	}
	c, err := ask(ctx, preparedAsker{prepared}, l.db.dialect, st, 0)
	if err != nil {
		return nil, err
	}
	list, err := c.all()
	return list, errors.Join(err, c.close())
}

// preparedAsker asks with a statement that the database knows.
type preparedAsker struct{ *dbsql.Stmt }

func (p preparedAsker) QueryContext(ctx context.Context, _ string, args ...any) (*dbsql.Rows, error) {
	return p.Stmt.QueryContext(ctx, args...)
}

// prepare prepares a statement once: rules ask the same again and again.
func (l *lookup) prepare(ctx context.Context, text string) (*dbsql.Stmt, error) {
	l.mu.Lock()
	st, ok := l.ready[text]
	l.mu.Unlock()
	if ok {
		return st, nil
	}
	st, err := l.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if other, ok := l.ready[text]; ok { // of another goroutine, meanwhile
		return other, st.Close()
	}
	l.ready[text] = st
	return st, nil
}

// matching leaves out rows that a database finds because it takes what is no
// number for 0.
func matching(found []row, columns []string, values []value.Value) []*value.Fields {
	list := make([]*value.Fields, 0, len(found))
	for i := range found {
		if !mismatched(found[i].fields, columns, values) {
			list = append(list, found[i].fields)
		}
	}
	return list
}

func mismatched(fields *value.Fields, columns []string, values []value.Value) bool {
	for i, name := range columns {
		got, wanted := fields.Get(name), values[i]
		if got.Kind() != value.Int && got.Kind() != value.Float {
			continue
		}
		switch wanted.Kind() {
		case value.Int, value.Float, value.Bool:
			continue
		case value.String:
			wanted = number(wanted.Str())
		}
		if !value.Equal(wanted, got) {
			return true
		}
	}
	return false
}

// Close ends the connections.
func (l *lookup) Close(context.Context) error { return l.db.Close() }
