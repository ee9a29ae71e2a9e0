package api_test

import (
	"strings"
	"testing"
)

// withTables are a stream, and a table of each kind.
func withTables(t *testing.T) *bench {
	b := real(t)
	b.want("POST", "/streams", sql(`CREATE STREAM s (a BIGINT) WITH (TYPE="memory", DATASOURCE="s", FORMAT="json")`), 201, "Stream s is created.")
	b.want("POST", "/tables", sql(`CREATE TABLE t1 (a BIGINT) WITH (TYPE="memory", DATASOURCE="t", FORMAT="json")`), 201, "Table t1 is created.")
	b.want("POST", "/tables", sql(`CREATE TABLE t2 () WITH (TYPE="memory", DATASOURCE="t", FORMAT="json", KIND="lookup", KEY="id")`), 201, "Table t2 is created.")
	return b
}

func TestTablesOfAKind(t *testing.T) {
	b := withTables(t)
	for query, want := range map[string]string{"": `["t1","t2"]`, "?kind=scan": `["t1"]`, "?kind=lookup": `["t2"]`, "?kind=other": `["t1","t2"]`} {
		b.want("GET", "/tables"+query, "", 200, want+"\n")
	}
	b.want("GET", "/tabledetails?kind=lookup", "", 200, `[{"name":"t2","type":"memory","format":"json"}]`+"\n")
	b.want("GET", "/streams?kind=lookup", "", 200, `["s"]`+"\n")
}

func TestTablesAreNoStreams(t *testing.T) {
	b := withTables(t)
	for _, end := range []string{"", "/schema"} {
		b.want("GET", "/tables/t1"+end, "", 200, "{…")
		b.refused("GET", "/tables/s"+end, "", 400, 3000, "table s is not found")
		f := b.refused("GET", "/streams/t1"+end, "", 400, 3000, "stream t1 is not found")
		if f["message"] != `stream t1 is not found; did you mean "t2"?` {
			t.Errorf("%s: %v", end, f["message"])
		}
	}
	b.refused("POST", "/streams", sql("DESCRIBE STREAM t2"), 400, 3000, "stream t2 is not found")
}

func TestShowNothing(t *testing.T) {
	b := start(t)
	b.want("POST", "/streams", sql("SHOW STREAMS"), 201, "No stream definitions are found.")
	b.want("POST", "/tables", sql("SHOW TABLES;"), 201, "No table definitions are found.")
}

// An error draws its line; what EXTRA holds is not in it.
func TestErrorsHideExtra(t *testing.T) {
	b := start(t)
	const line = `CREATE STREAM s () WITH (EXTRA="{\"password\":\"hush\"}", TYPE="memory", FOO="1")`
	f := b.refused("POST", "/streams", sql(line), 400, 2101, `unknown option "FOO"`)
	if f["column"] != 74.0 {
		t.Errorf("%v", f)
	}
	for _, path := range []string{"/ruleset/import", "/data/import?partial=1"} {
		_, text, _ := b.Call(t, "POST", path, content(`{"streams":{"s":`+quote(line)+`}}`))
		without(t, text, "hush")
	}
	_, text, _ := b.Call(t, "GET", "/data/import/status", "")
	without(t, text, "hush")
	without(t, f["message"].(string), "hush")
}

func without(t *testing.T, text, secret string) {
	t.Helper()
	if strings.Contains(text, secret) {
		t.Errorf("%s in %s", secret, text)
	}
}
