package api_test

import (
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
)

// tableSQL is a table with one row, which comes at once.
const tableSQL = `CREATE TABLE kept (a BIGINT, b STRING) WITH (TYPE="simulator", FORMAT="json", KIND="scan", EXTRA="{\"data\":[{\"a\":1,\"b\":\"x\"}],\"interval\":0,\"loop\":false}")`

func TestScanTables(t *testing.T) {
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	b.want("POST", "/streams", sql(`CREATE STREAM demo () WITH (TYPE="test", FORMAT="json", DATASOURCE="d")`), 201, "Stream demo is created.")
	b.want("POST", "/tables", sql(tableSQL), 201, "Table kept is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT demo.a, kept.b FROM demo INNER JOIN kept ON demo.a = kept.a","actions":[{"test":{}}]}`, 201, "Rule r was created successfully.")
	want := `[{"emitter":"kept","content":{"a":1,"b":"x"}}]` + "\n"
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, got, _ := b.Call(t, "GET", "/rules/r/scantables", ""); got == want {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	b.Send(t, `{"a":1}`, `{"a":2}`)
	b.Want(t, `[{"a":1,"b":"x"}]`)
	b.want("POST", "/rules/r/stop", "", 200, "Rule r was stopped.")
	b.refused("GET", "/rules/r/scantables", "", 400, 1000, "rule r does not run")
}

// A table that changes takes the rules along that join it.
func TestReplaceTable(t *testing.T) {
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	b.want("POST", "/streams", sql(`CREATE STREAM demo () WITH (TYPE="test", FORMAT="json", DATASOURCE="d")`), 201, "Stream demo is created.")
	b.want("POST", "/tables", sql(tableSQL), 201, "Table kept is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT demo.a, kept.b FROM demo LEFT JOIN kept ON demo.a = kept.a","actions":[{"test":{"sendSingle":true}}]}`, 201, "Rule r was created successfully.")
	joined := func(want string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; {
			b.Send(t, `{"a":1}`)
			if got := b.Next(t); got == want {
				return
			} else if time.Now().After(end) {
				t.Fatalf("%s, want %s", got, want)
			}
		}
	}
	joined(`{"a":1,"b":"x"}`)
	b.want("PUT", "/tables/kept", sql(strings.Replace(tableSQL, `\"b\":\"x\"`, `\"b\":\"y\"`, 1)), 200, "Table kept is replaced.")
	joined(`{"a":1,"b":"y"}`)
}

// sendMetaToSink adds the metadata that a message has.
func TestSendMetaToSink(t *testing.T) {
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	b.want("POST", "/streams", sql(`CREATE STREAM demo () WITH (TYPE="test", FORMAT="json", DATASOURCE="d")`), 201, "Stream demo is created.")
	b.want("POST", "/streams", sql(`CREATE STREAM own () WITH (TYPE="memory", DATASOURCE="a/+")`), 201, "Stream own is created.")
	b.want("POST", "/rules", `{"id":"out","sql":"SELECT t FROM own","options":{"sendMetaToSink":true},"actions":[{"test":{"sendSingle":true}}]}`, 201, "Rule out was created successfully.")
	b.want("POST", "/rules", `{"id":"in","sql":"SELECT t FROM demo","actions":[{"memory":{"topic":"a/b"}}]}`, 201, "Rule in was created successfully.")
	b.Send(t, `{"t":1}`)
	b.Want(t, `{"__meta":{"topic":"a/b"},"t":1}`)
	b.refused("POST", "/rules", `{"id":"w","sql":"SELECT count(*) FROM own GROUP BY COUNTWINDOW(2)","options":{"sendMetaToSink":true},"actions":[{"test":{}}]}`, 400, 2101, "does not go with JOIN and GROUP BY")
}

// Rows that are late are counted where the watermark stands.
func TestLateRowsAreCounted(t *testing.T) {
	b := start(t)
	b.want("POST", "/streams", sql(`CREATE STREAM demo () WITH (TYPE="memory", DATASOURCE="d", FORMAT="json", TIMESTAMP="ts")`), 201, "Stream demo is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT t FROM demo","options":{"isEventTime":true,"lateTolerance":0},"actions":[{"memory":{}}]}`, 201, "Rule r was created successfully.")
	b.Send(t, `{"t":1,"ts":5000}`, `{"t":2,"ts":9000}`, `{"t":3,"ts":4000}`, `{"t":4,"ts":9500}`)
	b.Want(t, `[{"t":1}]`)
	b.Want(t, `[{"t":2}]`)
	_, text, _ := b.Call(t, "GET", "/rules/r/status", "")
	for _, want := range []string{`_late_total":1,`, `_held":`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
