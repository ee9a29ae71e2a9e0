package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// secured checks what a server says to who may not come in, and to who asks for
// TLS.
func secured(t *testing.T, f *fixture, scheme string) {
	f.exec(t, "CREATE TABLE m (n BIGINT)")
	addr, ca := f.server.Addr(), f.server.CA
	url := func(user, rest string) string { return scheme + "://" + user + "@" + addr + rest }
	ours := "sluice:" + servers.DatabasePassword
	for name, c := range map[string]struct {
		props map[string]any
		want  string // "": it connects
	}{
		"plain":          {map[string]any{"dburl": url(ours, "/plant")}, ""},
		"property":       {map[string]any{"dburl": url("x:y", "/plant"), "username": "sluice", "password": servers.DatabasePassword}, ""},
		"TLS":            {map[string]any{"dburl": url(ours, "/plant"), "rootCaPath": ca}, ""},
		"unverified":     {map[string]any{"dburl": url(ours, "/plant"), "insecureSkipVerify": true}, ""},
		"not trusted":    {map[string]any{"dburl": url(ours, "/plant"), "tlsMinVersion": "tls1.2"}, "certificate signed by unknown authority"},
		"wrong password": {map[string]any{"dburl": url("sluice:hunter2", "/plant")}, "check the user and the password"},
		"wrong user":     {map[string]any{"dburl": url("nobody:hunter2", "/plant")}, "check the user and the password"},
		"no database":    {map[string]any{"dburl": url(ours, "/elsewhere")}, "elsewhere"},
		"unreachable":    {map[string]any{"dburl": fmt.Sprintf("%s://sluice:hunter2@127.0.0.1:%d/plant", scheme, servers.FreePort(t))}, "connection refused"},
		"no name":        {map[string]any{"dburl": scheme + "://sluice:hunter2@nowhere.invalid/plant"}, "nowhere.invalid"},
	} {
		t.Run(name, func(t *testing.T) { connects(t, f, c.props, c.want) })
	}
	f.server.Expire(f.whole)
	t.Run("expired", func(t *testing.T) {
		connects(t, f, map[string]any{"dburl": url(ours, "/plant"), "rootCaPath": ca}, "certificate has expired")
	})
}

// connects connects a sink, a source and a lookup.
func connects(t *testing.T, f *fixture, props map[string]any, want string) {
	t.Helper()
	with := func(more map[string]any) map[string]any {
		all := maps.Clone(props)
		maps.Copy(all, more)
		return all
	}
	for kind, connect := range map[string]func(context.Context) error{
		"sink":   f.sink(t, with(map[string]any{"table": "m"})).Connect,
		"source": f.source(t, with(map[string]any{"datasource": "m"})).Connect,
		"lookup": f.lookup(t, with(map[string]any{"datasource": "m"})).Connect,
	} {
		err := connect(t.Context())
		var permanent *connector.Permanent
		switch {
		case want == "" && err == nil:
		case want == "" || err == nil || !strings.Contains(err.Error(), want) || errors.As(err, &permanent):
			t.Errorf("%s: got %v, want %q", kind, err, want)
		case strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), servers.DatabasePassword):
			t.Errorf("%s: a secret is shown: %v", kind, err)
		}
	}
}

func TestPostgresErrors(t *testing.T) { secured(t, postgresFixture(t), "postgres") }

func TestMariaDBErrors(t *testing.T) { secured(t, mariaFixture(t), "mysql") }

// A file that is not there, is none of SQLite or outside of the folder is told.
func TestSQLiteErrors(t *testing.T) {
	f := sqliteFixture(t)
	open := func(url string) error {
		info, err := registry().Sink("sql")
		if err != nil {
			t.Fatal(err)
		}
		c, err := info.Decode(map[string]any{"dburl": url, "table": "m"}, f.env)
		if err != nil {
			return err
		}
		s, err := c.Open()
		if err != nil {
			return err
		}
		defer s.Close(t.Context())
		return s.Connect(t.Context())
	}
	for url, want := range map[string]string{
		"sqlite:other.db":           "unable to open database file",
		"sqlite:/etc/passwd":        "outside of the folder for files",
		"sqlite:../plant.db":        "outside of the folder for files",
		"file:plant.db?mode=memory": "takes no options",
		"sqlite::memory:":           "the name of a file is wanted",
		"sqlite:plant.db":           "create the table",
	} {
		if err := open(url); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// A statement of somebody reads the database alone.
func TestSQLiteIsConfined(t *testing.T) {
	f := sqliteFixture(t)
	f.exec(t, "CREATE TABLE m (n)")
	for _, text := range []string{"ATTACH DATABASE 'stolen.db' AS other", "VACUUM INTO 'stolen.db'", "DELETE FROM m", "CREATE TABLE k (n)", "SELECT 1; ATTACH DATABASE ':memory:' AS other"} {
		s := f.source(t, map[string]any{"templateSqlQueryCfg": map[string]any{"templateSql": text}}).(*source).connected(t)
		if _, _, err := s.Read(t.Context()); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A statement that is cut off in the middle leaves nothing behind.
func TestCancelledBatchLeavesNothing(t *testing.T) {
	f := sqliteFixture(t)
	f.table(t, "m", "n BIGINT")
	s := f.connected(t, map[string]any{"table": "m"})
	lock, err := f.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if _, err := lock.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Write(ctx, []connector.Outbound{connectortest.Rows(t, nil, `{"n":1}`)}) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := lock.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"n":2}`)}); err != nil {
		t.Fatal(err)
	}
	if got := f.rows(t, "SELECT n FROM m"); len(got) != 1 || got[0] != `{"n":2}` {
		t.Errorf("%s", got)
	}
}

// What has no driver, or no form, is told when it is created, without secrets.
func TestBadProperties(t *testing.T) {
	good := map[string]map[string]any{
		"sink":   {"dburl": "postgres://u:hunter2@h/d", "table": "t"},
		"source": {"dburl": "mysql://u:hunter2@h/d", "datasource": "t"},
		"lookup": {"dburl": "sqlite:plant.db", "datasource": "t"},
	}
	decode := func(kind string, props map[string]any) (err error) {
		r := registry()
		switch kind {
		case "sink":
			info, _ := r.Sink("sql")
			_, err = info.Decode(props, connector.Env{})
		case "source":
			info, _ := r.Source("sql")
			_, err = info.Decode(props, connector.Env{})
		default:
			info, _ := r.Lookup("sql")
			_, err = info.Decode(props, connector.Env{})
		}
		return err
	}
	for kind, props := range good {
		if err := decode(kind, props); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	index := func(more map[string]any) map[string]any {
		i := map[string]any{"indexField": "id"}
		maps.Copy(i, more)
		return map[string]any{"table": "t", "indexFields": []any{i}}
	}
	statement := func(text string, more map[string]any) map[string]any {
		q := index(more)
		delete(q, "table")
		q["templateSql"] = text
		return q
	}
	for _, c := range []struct {
		kind, name string
		value      any
		want       string
	}{
		{"sink", "dburl", "oracle://u:hunter2@h/d", "it must begin with postgres://, mysql:// or sqlite:"},
		{"sink", "dburl", "u:hunter2@tcp(h)/d", "it must begin with postgres://"},
		{"sink", "dburl", "postgres://u:hunter2@h", "it must end with the name of one database"},
		{"sink", "dburl", "postgres://u:hun/ter2@h/d", "it is no address"},
		{"sink", "dburl", "postgres:///d", "it is no address"},
		{"sink", "dburl", "postgres://u:hunter2@h/d?passfile=/etc/passwd", `option "passfile" is unknown; there are application_name`},
		{"source", "dburl", "mysql://u:hunter2@h/d?allowAllFiles=true", `option "allowAllFiles" is unknown; there are charset`},
		{"sink", "dburl", []any{}, `property "dburl"`},
		{"sink", "dbUrll", "x", `unknown property "dbUrll"; did you mean "dburl"?`},
		{"sink", "table", "a..b", "an empty name"},
		{"sink", "table", "", `property "table" is missing`},
		{"sink", "table", strings.Repeat("x", 64), "longer than 63 bytes"},
		{"sink", "rowKindField", "kind", `property "keyField" is missing`},
		{"sink", "fields", map[string]any{}, `property "fields"[0]: a text is wanted`},
		{"sink", "fields", []any{"a\x00"}, "zero byte"},
		{"sink", "keyField", []any{}, `property "keyField": a text is wanted`},
		{"sink", "timeout", 0.0, `property "timeout" must be positive`},
		{"sink", "password", []any{"hunter2"}, `property "password": a text is wanted, not a list`},
		{"sink", "insecureSkipVerify", "maybe", `property "insecureSkipVerify": true or false is wanted`},
		{"source", "interval", -1.0, `property "interval" must be positive`},
		{"source", "interval", "soon", `property "interval": milliseconds or a text`},
		{"source", "datasource", "", "name a table as DATASOURCE"},
		{"source", "internalSqlQueryCfg", "t", `property "internalSqlQueryCfg": an object is wanted`},
		{"source", "internalSqlQueryCfg", map[string]any{"tabel": "t"}, `unknown property "tabel"; did you mean "table"?`},
		{"source", "internalSqlQueryCfg", map[string]any{"limit": -1}, "limit must not be negative"},
		{"source", "internalSqlQueryCfg", map[string]any{"limit": "few"}, "a whole number is wanted"},
		{"source", "internalSqlQueryCfg", index(map[string]any{"indexField": ""}), "one has no indexField"},
		{"source", "internalSqlQueryCfg", index(map[string]any{"indexFieldType": "BLOB"}), `there are BIGINT, FLOAT, STRING and DATETIME, not "BLOB"`},
		{"source", "internalSqlQueryCfg", index(map[string]any{"indexValue": []any{}}), "a number or a text is wanted"},
		{"source", "internalSqlQueryCfg", index(map[string]any{"indexValue": "soon", "dateTimeFormat": "YYYY-MM-dd"}), `"soon" is no time in the form "YYYY-MM-dd"`},
		{"source", "templateSqlQueryCfg", statement("SELECT {{.id", nil), `property "templateSql": templateSql:1: unclosed action`},
		{"source", "templateSqlQueryCfg", statement("SELECT {{.id}}", nil), "a value is missing; name the column in indexFields"},
		{"source", "templateSqlQueryCfg", statement("SELECT {{.other}}", map[string]any{"indexValue": 1}), "a value is missing"},
		{"source", "templateSqlQueryCfg", statement("SELECT * FROM t WHERE a LIKE '%{{.id}}%'", map[string]any{"indexValue": 1}), "a value stands inside of a text"},
		{"source", "templateSqlQueryCfg", statement(`SELECT {{slice .id 1}}`, map[string]any{"indexValue": 1}), "a value is changed by a function"},
		{"lookup", "datasource", "", `property "datasource" is missing`},
		{"lookup", "dburl", "sqlite:", "the name of a file is wanted"},
		{"lookup", "lookup", map[string]any{"cacheTtl": -1.0}, `property "lookup.cacheTtl" must not be negative`},
	} {
		props := maps.Clone(good[c.kind])
		props[c.name] = c.value
		err := decode(c.kind, props)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s %v: %v; want %s", c.kind, c.name, c.value, err, c.want)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "hun/ter2") {
			t.Errorf("a secret is shown: %v", err)
		}
	}
	both := map[string]any{"dburl": "sqlite:a.db", "internalSqlQueryCfg": map[string]any{"table": "t"}, "templateSqlQueryCfg": map[string]any{"templateSql": "SELECT 1"}}
	if err := decode("source", both); err == nil || !strings.Contains(err.Error(), "exclude each other") {
		t.Error(err)
	}
}

// The named connection says whether it is there.
func TestConnection(t *testing.T) {
	f := sqliteFixture(t)
	info, err := registry().Connection("sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := info.Ping(t.Context(), map[string]any{"dburl": f.url}, f.env); err != nil {
		t.Error(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, scheme := range []string{"postgres", "mysql"} { // who answers nothing is given up
		err := info.Ping(t.Context(), map[string]any{"dburl": scheme + "://u:hunter2@" + silent.Addr().String() + "/d", "timeout": "50ms"}, f.env)
		if !errors.Is(err, connector.ErrNotConnected) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}
