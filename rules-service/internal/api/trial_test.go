package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
)

// events reads the server-sent events of a trial; the function is false at
// their end.
func (b *bench) events(id string) func() (string, bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	b.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", b.URL+"/test/"+id, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	return func() (string, bool) {
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return text, true
			}
		}
		if err := lines.Err(); err != nil {
			b.t.Error(err)
		}
		return "", false
	}
}

func (b *bench) event(next func() (string, bool), want string) {
	b.t.Helper()
	if got, ok := next(); !ok || got != want {
		b.t.Fatalf("event %s, %v; want %s", got, ok, want)
	}
}

// port is where the service of a test listens.
func (b *bench) port() string { return b.URL[strings.LastIndex(b.URL, ":")+1:] }

func TestTrialWithMockedStreams(t *testing.T) {
	noLeak(t)
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	b.want("POST", "/streams", sql(`CREATE STREAM demo (t BIGINT) WITH (TYPE="test", DATASOURCE="d", FORMAT="json")`), 201, "Stream demo is created.")
	b.want("POST", "/ruletest", `{"id":"t1","sql":"SELECT demo.t, 10/t AS x FROM demo WHERE t >= 0","mockSource":{"demo":{"data":[{"t":1},{"t":0},{"t":-1},{"t":2},{"t":"x"}],"interval":1}},"sinkProps":{"sendSingle":true}}`,
		200, fmt.Sprintf(`{"id":"t1","port":%s}`+"\n", b.port()))
	next := b.events("t1")
	b.want("POST", "/ruletest/t1/start", "", 200, "Test rule t1 was started")
	b.event(next, `{"t":1,"x":10}`)
	if got, ok := next(); !ok || !strings.Contains(got, "divided by zero") {
		t.Errorf("%s instead of an error", got)
	}
	b.event(next, `{"t":2,"x":5}`)
	b.want("DELETE", "/ruletest/t1", "", 200, "Test rule t1 was stopped.")
	if got, ok := next(); ok {
		t.Errorf("%s behind the end", got)
	}
	b.want("GET", "/rules", "", 200, "[]\n")
	b.want("GET", "/streams", "", 200, `["demo"]`+"\n")
	b.refused("POST", "/ruletest/t1/start", "", 400, 1000, "start rule error: try to start test rule t1 but it is not found")
	b.refused("GET", "/test/t1", "", 404, 1002, "test rule t1 is not found")
}

func TestTrialOfLiveStreams(t *testing.T) {
	noLeak(t)
	b := withDemo(t)
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.want("POST", "/ruletest", `{"id":"t1","sql":"SELECT sum(t) AS s FROM demo GROUP BY COUNTWINDOW(2)","sinkProps":{"dataTemplate":"{{json .}}!"}}`, 200, `{"id":"t1",…`)
	b.want("POST", "/ruletest/t1/start", "", 200, "Test rule t1 was started")
	b.Send(t, `{"t":81}`, `{"t":9}`)
	b.Want(t, `{"t":81}`)
	next := b.events("t1") // late
	b.event(next, `[{"s":90}]!`)
	b.want("POST", "/ruletest", `{"id":"t1","sql":"SELECT t FROM demo"}`, 200, `{"id":"t1",…`) // in its place
	if got, ok := next(); ok {
		t.Errorf("%s behind the end", got)
	}
	b.want("POST", "/ruletest/t1/start", "", 200, "Test rule t1 was started")
	b.Send(t, `{"t":3}`)
	b.event(b.events("t1"), `[{"t":3}]`)
	b.Close(t) // ends trials and those who listen
}

func TestBadTrials(t *testing.T) {
	b := withDemo(t)
	for body, want := range map[string]string{
		`{`:                                     "rule is not JSON",
		`{"id":"t","sql":"SELECT a FROM nope"}`: "unknown stream",
		`{"id":"a b","sql":"SELECT a FROM demo"}`:                            "may only have letters",
		`{"id":"t","sql":"SELECT a FROM demo","sinkProps":{"sendSingel":1}}`: `sinkProps: sink trial: unknown property "sendSingel"; did you mean "sendSingle"?`,
		`{"id":"t","sql":"SELECT a FROM demo","mockSource":{"dmo":{}}}`:      `stream dmo is not found; did you mean "demo"?`,
		`{"id":"t","sql":"SELECT a FROM demo","mockSource":{"demo":{}}}`:     "unknown source type",
	} {
		status, text, _ := b.Call(t, "POST", "/ruletest", body)
		var f struct{ Message string }
		if err := json.Unmarshal([]byte(text), &f); err != nil || status != 400 || !strings.Contains(f.Message, want) {
			t.Errorf("%s: %d %s, want %s", body, status, text, want)
		}
	}
}

func TestRehearsal(t *testing.T) {
	noLeak(t)
	b := withDemo(t)
	for name, c := range map[string]struct{ body, want string }{
		"filter": {`{"sql":"SELECT a, 6/a AS b FROM demo WHERE a >= 0","rows":{"demo":[{"a":1},{"a":0},{"a":-1},{"a":2}]}}`, `
{"time":1000,"result":[{"a":1,"b":6}]}
{"time":2000,"error":"project: 6 / a: divided by zero"}
{"time":4000,"result":[{"a":2,"b":3}]}`},
		"window": {`{"sql":"SELECT sum(a) AS s, meta(device) AS d FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)","rows":{"demo":[{"a":1},{"a":2}]},"meta":{"demo":[{"device":"p1"}]},"interval":500}`, `
{"time":10000,"result":[{"d":"p1","s":3}]}`},
		"own stream": {`{"sql":"SELECT a FROM mine","streams":{"mine":"CREATE STREAM mine (a BIGINT) WITH (TYPE=\"mqtt\", DATASOURCE=\"x\")"},"rows":{"mine":[{"a":1},{"a":1.5}]}}`, `
{"time":1000,"result":[{"a":1}]}
{"time":2000,"error":"stream mine: row 1: …`},
		"join": {`{"sql":"SELECT demo.a, u.b FROM demo INNER JOIN u ON demo.a = u.a GROUP BY TUMBLINGWINDOW(ss, 5)","streams":{"u":"CREATE STREAM u () WITH (TYPE=\"memory\", DATASOURCE=\"x\")"},"rows":{"demo":[{"a":1},{"a":2}],"u":[{"a":2,"b":5}]}}`, `
{"time":5000,"result":[{"a":2,"b":5}]}`},
		"tables": {`{"sql":"SELECT demo.a, u.b, v.c FROM demo INNER JOIN u ON demo.a = u.a INNER JOIN v ON demo.a = v.a","streams":{"u":"CREATE TABLE u () WITH (TYPE=\"memory\", DATASOURCE=\"x\", KIND=\"scan\", RETAIN_SIZE=\"9\")","v":"CREATE TABLE v () WITH (TYPE=\"memory\", DATASOURCE=\"x\", KIND=\"lookup\", KEY=\"a\")"},"rows":{"demo":[{"a":1},{"a":2}],"u":[{"a":2,"b":5}],"v":[{"a":1,"c":6},{"a":2,"c":7}]}}`, `
{"time":2000,"result":[{"a":2,"b":5,"c":7}]}`},
		"options": {`{"sql":"SELECT a FROM demo WHERE a > $least","options":{"params":{"least":1},"sendNilField":true},"rows":{"demo":[{"a":1},{"a":2}]}}`, `
{"time":2000,"result":[{"a":2}]}`},
		"nothing": {`{"sql":"SELECT a FROM demo"}`, "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // it is the same each time
				status, text, h := b.Call(t, "POST", "/rules/trial", c.body)
				want := strings.TrimPrefix(c.want, "\n")
				prefix, cut := strings.CutSuffix(want, "…")
				if status != 200 || h.Get("Content-Type") != "application/x-ndjson" || cut && !strings.HasPrefix(text, prefix) || !cut && strings.TrimSuffix(text, "\n") != want {
					t.Errorf("%d %v\n%s\nwant\n%s", status, h, text, want)
				}
			}
		})
	}
	_, text, h := b.Call(t, "POST", "/rules/trial", `{"sql":"SELECT a FROM demo","rows":{"demo":[{"a":1}]}}`, "Accept", "text/event-stream")
	if text != `data: {"time":1000,"result":[{"a":1}]}`+"\n\n" || h.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%q", text)
	}
	f := b.refused("POST", "/rules/trial", `{"sql":"SELECT abss(a) FROM demo","rows":{"demo":[]}}`, 400, 1000, "nothing was changed: rule trial: unknown function")
	if f["findings"].([]any)[0].(map[string]any)["hint"] != `Did you mean "abs"?` {
		t.Error(f)
	}
	b.refused("POST", "/rules/trial", `{"sql":"SELECT a FROM demo","options":{"isEventTime":3},"rows":{"dmo":[]}}`, 400, 1000, "and 1 more")
	b.refused("POST", "/rules/trial", `[]`, 400, 1000, "the body must be JSON such as")
}
