package sql

import (
	"context"
	dbsql "database/sql"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
	"sluice/tests/servers"
)

const patience = time.Minute

// fixture is a database of a test.
type fixture struct {
	url    string
	server *servers.Database // nil: a file
	env    connector.Env
	whole  testing.TB // for which the server runs
	db     *database  // what the test itself asks
	// types are the columns of a table for values, by what they hold.
	types string
	count string // column that the database counts up
	end   string // of CREATE TABLE
}

func testEnv(dir string) connector.Env {
	return connector.Env{Log: slog.New(slog.DiscardHandler), Files: connector.Files{Dir: dir}}
}

func (f *fixture) open(t testing.TB) *fixture {
	t.Helper()
	db, err := (&Server{URL: f.url, Timeout: patience}).open(f.env, writing)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxIdleConns(0) // the server comes and goes
	f.db, f.whole = db, t
	return f
}

func postgresFixture(t testing.TB) *fixture {
	d := servers.Postgres(t)
	f := &fixture{url: d.URL("postgres"), server: d, env: testEnv(t.TempDir()), count: "BIGSERIAL",
		types: "i BIGINT, f DOUBLE PRECISION, b BOOLEAN, s TEXT, x BYTEA, t TIMESTAMPTZ, j JSONB, n NUMERIC(20,4)"}
	return f.open(t)
}

func mariaFixture(t testing.TB) *fixture {
	d := servers.MariaDB(t)
	f := &fixture{url: d.URL("mysql"), server: d, env: testEnv(t.TempDir()), count: "BIGINT AUTO_INCREMENT UNIQUE",
		types: "i BIGINT, f DOUBLE, b BOOLEAN, s TEXT, x BLOB, t DATETIME(6), j JSON, n DECIMAL(20,4)"}
	return f.open(t)
}

func sqliteFixture(t testing.TB) *fixture {
	dir := t.TempDir()
	path := filepath.Join(dir, "plant.db")
	raw, err := dbsql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.ExecContext(t.Context(), "PRAGMA journal_mode = WAL"); err != nil {
		t.Fatal(err)
	}
	_ = raw.Close()
	f := &fixture{url: "sqlite:plant.db", env: testEnv(dir), count: "INTEGER PRIMARY KEY AUTOINCREMENT", end: " STRICT",
		types: "i INTEGER, f REAL, b INTEGER, s TEXT, x BLOB, t TEXT, j TEXT, n REAL"}
	return f.open(t)
}

func (f *fixture) exec(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := f.db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// table makes a table with a column that counts up.
func (f *fixture) table(t testing.TB, name, columns string) {
	t.Helper()
	if f.server == nil { // strict tables know no other name
		columns = strings.ReplaceAll(columns, "BIGINT", "INTEGER")
	}
	f.exec(t, "DROP TABLE IF EXISTS "+name, fmt.Sprintf("CREATE TABLE %s (seq %s, %s)%s", name, f.count, columns, f.end))
}

// rows are the rows of a statement as JSON, without what is NULL.
func (f *fixture) rows(t testing.TB, text string) []string {
	t.Helper()
	c, err := ask(t.Context(), f.db, f.db.dialect, statement{text: text}, 0)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	found, err := c.all()
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	_ = c.close()
	var list []string
	for _, r := range found {
		list = append(list, shown(t, r.fields))
	}
	return list
}

func shown(t testing.TB, f *value.Fields) string {
	t.Helper()
	var names []string
	var values []value.Value
	for i, v := range f.Values {
		if !v.IsNull() {
			names, values = append(names, f.Names[i]), append(values, v)
		}
	}
	text, err := value.OfObject(value.FieldsOf(names, values)).AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var registry = sync.OnceValue(func() *connector.Registry { return connectortest.Registry(Register) })

func (f *fixture) props(more map[string]any) map[string]any {
	props := map[string]any{"dburl": f.url, "timeout": "30s"}
	maps.Copy(props, more)
	return props
}

func (f *fixture) connected(t testing.TB, more map[string]any) connector.Sink {
	t.Helper()
	s := f.sink(t, more)
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (f *fixture) sink(t testing.TB, more map[string]any) connector.Sink {
	t.Helper()
	return connectortest.OpenSink(t, registry(), "sql", f.props(more), f.env)
}

func (f *fixture) source(t testing.TB, more map[string]any) connector.Source {
	t.Helper()
	return connectortest.OpenSource(t, registry(), "sql", f.props(more), f.env)
}

func (f *fixture) lookup(t testing.TB, more map[string]any) connector.Lookup {
	t.Helper()
	return connectortest.OpenLookup(t, registry(), "sql", f.props(more), f.env)
}

// read reads until so many rows have come, and returns them as JSON.
func read(t testing.TB, s connector.Source, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var list []string
	for len(list) < n {
		msgs, ack, err := s.Read(ctx)
		if err != nil {
			t.Fatalf("after %d of %d rows: %v", len(list), n, err)
		}
		for _, m := range msgs {
			list = append(list, payload(t, m))
		}
		if ack != nil {
			ack(nil)
		}
	}
	return list
}

func payload(t testing.TB, m connector.Inbound) string {
	t.Helper()
	rows, err := codec.ParseRows(m.Payload)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	return shown(t, rows[0])
}
