package apitest

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tests/servers"
)

// A rule asks lookup tables of a database and of Redis, and writes to both; what
// a server refuses stands in the status of the rule, and no password anywhere.
func TestDatabasesInRules(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "files"), 0o750); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "files", "plant.db")+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, text := range []string{"CREATE TABLE machines (id INTEGER, name TEXT)", "INSERT INTO machines VALUES (1, 'pump'), (2, 'fan')",
		"CREATE TABLE seen (id INTEGER PRIMARY KEY, name TEXT, site TEXT)"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	cache := servers.Redis(t, "--requirepass", "redis-secret")
	p := newPlant(t, dir)
	redis := fmt.Sprintf(`\"addr\":%q,\"password\":\"redis-secret\"`, cache.Addr())
	redis = strings.ReplaceAll(redis, `"`+cache.Addr()+`"`, `\"`+cache.Addr()+`\"`)
	p.define(in,
		`CREATE TABLE machines () WITH (TYPE="sql", DATASOURCE="machines", KIND="lookup", EXTRA="{\"dburl\":\"sqlite:plant.db\",\"lookup\":{\"cache\":true}}")`,
		`CREATE TABLE sites () WITH (TYPE="redis", DATASOURCE="0", KIND="lookup", KEY="machine", EXTRA="{`+redis+`,\"dataType\":\"string\",\"keyPrefix\":\"site:\"}")`)
	own := fmt.Sprintf(`"addr":%q,"password":"redis-secret"`, cache.Addr())
	p.rule("sites", `SELECT id, site FROM demo WHERE site != ""`, "redis", `{`+own+`,"key":"site:{{.id}}"}`)
	p.rule("join", `SELECT demo.id, machines.name, sites.site, "upsert" AS kind FROM demo INNER JOIN machines ON demo.id = machines.id INNER JOIN sites ON demo.id = sites.machine`,
		"sql", `{"dburl":"sqlite:plant.db","table":"seen","keyField":"id","rowKindField":"kind"}`)
	p.Publish(t, "in/a", `{"id":1,"site":"north"}`, `{"id":2,"site":"south"}`)
	p.until("the sites are written", func() bool { return p.figure("sites", "sink_redis_0_0_records_out_total") == 2 })
	p.Publish(t, "in/a", `{"id":1}`, `{"id":2}`, `{"id":3}`)
	rows := func() (list string) {
		found, err := db.QueryContext(t.Context(), "SELECT id, name, site FROM seen ORDER BY id")
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		for found.Next() {
			var id int
			var name, site string
			if err := found.Scan(&id, &name, &site); err != nil {
				t.Fatal(err)
			}
			list += fmt.Sprint(id, name, site, ";")
		}
		return list
	}
	p.until("the rows are written", func() bool { return rows() == "1pumpnorth;2fansouth;" })

	// What was asked before is not asked again: the table has a cache.
	for _, text := range []string{"UPDATE machines SET name = 'changed'", "DELETE FROM seen"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	p.Publish(t, "in/a", `{"id":1}`)
	p.until("the row is written again", func() bool { return rows() == "1pumpnorth;" })

	// A column may hold the rows.
	p.rule("nested", "SELECT list FROM demo", "sql", `{"dburl":"sqlite:plant.db","table":"machines","tableDataField":"list","fields":["id","name"]}`)
	p.Publish(t, "in/a", `{"list":[{"id":8,"name":"mill","other":1},{"id":9}]}`)
	p.until("the rows of the column are written", func() bool {
		var n int
		err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM machines WHERE id = 8 AND name = 'mill' OR id = 9 AND name IS NULL").Scan(&n)
		return err == nil && n == 2
	})

	p.rule("wrong", "SELECT * FROM demo", "redis", fmt.Sprintf(`{"addr":%q,"password":"hunter2","key":"k"}`, cache.Addr()))
	p.until("the refusal is in the status", func() bool {
		_, body, _ := p.Call(t, "GET", "/rules/wrong/status", "")
		return strings.Contains(body, "check user, password and db") && !strings.Contains(body, "hunter2")
	})
	for _, path := range []string{"/rules/wrong", "/rules/sites", "/rules/wrong/status", "/tables/sites", "/data/export"} {
		if _, body, _ := p.Call(t, "GET", path, ""); strings.Contains(body, "hunter2") || strings.Contains(body, "redis-secret") {
			t.Errorf("%s shows a secret: %s", path, body)
		}
	}
	for sql, want := range map[string]string{
		`CREATE STREAM a () WITH (TYPE="sql", EXTRA="{\"dburl\":\"oracle://u:hunter2@h/d\"}")`:                                 "it must begin with postgres://",
		`CREATE STREAM a () WITH (TYPE="sql", EXTRA="{\"dburl\":\"sqlite:/etc/passwd\",\"interval\":\"0s\"}", DATASOURCE="t")`: "interval",
		`CREATE STREAM a () WITH (TYPE="redisSub", EXTRA="{\"chanels\":\"h\"}")`:                                               `did you mean \"channels\"?`,
	} {
		if status, body := p.create(sql); status == 201 || !strings.Contains(body, want) || strings.Contains(body, "hunter2") {
			t.Errorf("%s: %d %s", sql, status, body)
		}
	}
}
