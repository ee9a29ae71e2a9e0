package api_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"sluice/rules-service/internal/apitest"
)

func sql(text string) string {
	b, err := json.Marshal(map[string]string{"sql": text})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestStreams(t *testing.T) {
	b := start(t)
	b.want("GET", "/streams", "", 200, "[]\n")
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.refused("POST", "/streams", createDemo, 400, 3000, "stream demo already exists")
	b.want("GET", "/streams", "", 200, `["demo"]`+"\n")
	b.want("GET", "/tables", "", 200, "[]\n")
	b.want("GET", "/streamdetails", "", 200, `[{"name":"demo","type":"memory","format":"json"}]`+"\n")
	b.want("GET", "/streams/demo", "", 200, `{"Name":"demo","StreamFields":null,"Options":{"DATASOURCE":"d","FORMAT":"json","SHARED":true,"TYPE":"memory","datasource":"d","format":"json","shared":true,"type":"memory"},"StreamType":0,"Statement":null}`+"\n")
	b.refused("GET", "/streams/dem", "", 400, 3000, `stream dem is not found; did you mean "demo"?`)
	b.refused("POST", "/streams", sql("DROP TABLE demo"), 400, 3000, "table demo is not found")
	b.refused("POST", "/streams", sql("SHOW STREAMS")+" x", 400, 1000, "after top-level value")
	b.refused("POST", "/streams", "{\"sql\":\"SHOW STREAMS\xff\"}", 400, 3000, "the body is not UTF-8")
	b.refused("DELETE", "/streams/nope", "", 404, 1002, "stream nope is not found")
	b.want("DELETE", "/streams/demo", "", 200, "Stream demo is dropped.")
	b.want("GET", "/streams", "", 200, "[]\n")
}

func TestDeclaredStream(t *testing.T) {
	b := start(t)
	b.want("POST", "/streams", sql(`CREATE STREAM s (a BIGINT, c STRUCT(x FLOAT), y ARRAY(STRING)) WITH (TYPE="memory", FORMAT="JSON", STRICT_VALIDATION="true", RETAIN_SIZE="0", KEY="a")`), 201, "Stream s is created.")
	b.want("GET", "/streams/s", "", 200, `{"Name":"s","StreamFields":[{"FieldType":"bigint","Name":"a"},{"FieldType":{"Type":"struct","Fields":[{"FieldType":"float","Name":"x"}]},"Name":"c"},{"FieldType":{"Type":"array","ElementType":"string"},"Name":"y"}],"Options":{"FORMAT":"json","KEY":"a","STRICT_VALIDATION":true,"TYPE":"memory","format":"json","key":"a","strictValidation":true,"type":"memory"},"StreamType":0,"Statement":null}`+"\n")
}

func TestStatements(t *testing.T) {
	b := start(t)
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("POST", "/streams", sql(`create stream s2 (a bigint) with (type="memory", format="json")`), 201, "Stream s2 is created.")
	b.want("POST", "/streams", sql("SHOW STREAMS"), 201, "demo\ns2")
	b.want("POST", "/streams", sql("DESCRIBE STREAM s2"), 201, "Fields\n----…")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.want("POST", "/streams", sql("EXPLAIN STREAM demo"), 201, "rule hot reads t")
	b.want("POST", "/streams", sql("EXPLAIN STREAM s2"), 201, "no rule reads s2")
	b.refused("POST", "/streams", sql("DESCRIBE STREAM nope"), 400, 3000, "stream nope is not found")
	b.refused("POST", "/streams", sql("DROP STREAM demo"), 400, 3000, "stream demo has been referenced by other rules: hot")
	b.want("POST", "/streams", sql("DROP STREAM s2"), 201, "Stream s2 is dropped.")
}

func TestBadStreams(t *testing.T) {
	b := start(t)
	f := b.refused("POST", "/streams", sql("CREATE STREAM demo\n() WIT (TYPE=\"memory\")"), 400, 2001, "\n | () WIT (")
	if f["code"] != "syntax" || f["line"] != 2.0 || f["column"] != 4.0 {
		t.Errorf("%v", f)
	}
	b.refused("POST", "/streams", sql(`CREATE STREAM demo () WITH (TYPE="memry", FORMAT="json")`), 400, 2201, `unknown source type "memry"; did you mean "memory"?`)
	b.refused("POST", "/streams", sql(`CREATE STREAM demo () WITH (TYPE="memory", FORMAT="xml")`), 400, 2201, `unknown format "xml"`)
	b.refused("POST", "/streams", "{", 400, 1000, "the body must be JSON")
	b.refused("POST", "/streams", "{}", 400, 3000, `the body has no "sql"`)
	b.want("GET", "/streams", "", 200, "[]\n")
}

func TestReplaceStream(t *testing.T) {
	b := start(t)
	typed := `CREATE STREAM demo (t BIGINT) WITH (TYPE="memory", DATASOURCE="d", FORMAT="json", SHARED="true")`
	b.refused("PUT", "/streams/other", sql(typed), 400, 3000, "the statement must be CREATE STREAM other")
	b.want("PUT", "/streams/demo", createDemo, 200, "Stream demo is replaced.") // also where there was none
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.Send(t, `{"t":80.5}`)
	b.Want(t, `{"t":80.5}`)
	b.want("PUT", "/streams/demo", sql(typed), 200, "Stream demo is replaced.")
	b.Send(t, `{"t":80.5}`, `{"t":81}`) // the rule reads the new definition: 80.5 is no BIGINT
	b.Want(t, `{"t":81}`)
	b.refused("PUT", "/streams/demo", sql(`CREATE STREAM demo (u BIGINT) WITH (TYPE="memory", DATASOURCE="d", FORMAT="json", SHARED="true")`), 400, 3000, "rule hot would not compile any more")
	b.refused("PUT", "/streams/demo", sql(`CREATE STREAM demo () WITH (TYPE="memory", FORMAT="json")`), 400, 3000, "SHARED cannot be changed")
	b.Send(t, `{"t":82}`)
	b.Want(t, `{"t":82}`)
}

func TestStreamVersions(t *testing.T) {
	b := start(t)
	version := func(v string) string {
		return sql(fmt.Sprintf(`CREATE STREAM s () WITH (TYPE="memory", FORMAT="json", DATASOURCE=%q, VERSION=%q)`, v, v))
	}
	b.want("PUT", "/streams/s", version("2"), 200, "Stream s is replaced.")
	b.want("PUT", "/streams/s", version("2"), 200, "Stream s is replaced.")
	b.refused("PUT", "/streams/s", version("1"), 400, 3000, `version "1" is not newer than the present "2"`)
	b.want("PUT", "/streams/s", version("3"), 200, "Stream s is replaced.")
}

func TestDropStreamOfARule(t *testing.T) {
	b := start(t)
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.refused("DELETE", "/streams/demo", "", 400, 1000, "stream demo has been referenced by other rules")
	b.want("DELETE", "/streams/demo?force=true", "", 200, "Stream demo is dropped.")
	b.Send(t, `{"t":99}`) // the rule runs on
	b.Want(t, `{"t":99}`)
	b.refused("POST", "/rules/hot/restart", "", 400, 2101, "demo")
	b.want("GET", "/rules/status/all", "", 200, `{"hot":{"status":"stopped by error","last_exception":"","exceptions_total":0}}`+"\n")
}

func TestDefinitionsSurviveARestart(t *testing.T) {
	noLeak(t)
	dir := t.TempDir()
	b := &bench{apitest.Start(t, dir, ""), t}
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.want("POST", "/rules", `{"id":"idle","triggered":false,"sql":"SELECT t FROM demo","actions":[{"memory":{}}]}`, 201, "Rule idle was created successfully.")
	b.want("POST", "/rules", `{"id":"gone","sql":"SELECT t FROM demo","actions":[{"memory":{}}]}`, 201, "Rule gone was created successfully.")
	b.want("DELETE", "/rules/gone", "", 200, "Rule gone is dropped.")
	b.Close(t)

	b = &bench{apitest.Start(t, dir, ""), t}
	b.want("GET", "/rules", "", 200, `[{"id":"hot","name":"hot","status":"running","tags":null,"trace":false,"version":""},{"id":"idle","name":"idle","status":"stopped","tags":null,"trace":false,"version":""}]`+"\n")
	b.want("GET", "/rules/hot", "", 200, hot)
	b.Send(t, `{"t":81}`)
	b.Want(t, `{"t":81}`)
	b.want("POST", "/rules/hot/stop", "", 200, "Rule hot was stopped.")
	b.want("POST", "/rules/idle/start", "", 200, "Rule idle was started")
	b.Close(t)

	b = &bench{apitest.Start(t, dir, ""), t}
	b.want("GET", "/rules/status/all", "", 200, `{"hot":{"status":"stopped","last_exception":"","exceptions_total":0},"idle":{"status":"running","last_exception":"","exceptions_total":0}}`+"\n")
}
