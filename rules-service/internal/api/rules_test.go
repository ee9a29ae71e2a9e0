package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func withDemo(t *testing.T) *bench {
	b := start(t)
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	return b
}

func TestRuleLife(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.refused("POST", "/rules", hot, 400, 1000, "rule hot already exists")
	b.want("GET", "/rules/hot", "", 200, hot)
	b.want("POST", "/rules/hot/start", "", 200, "Rule hot was started")
	b.want("POST", "/rules/hot/stop", "", 200, "Rule hot was stopped.")
	b.want("POST", "/rules/hot/stop", "", 200, "Rule hot was stopped.")
	b.want("GET", "/rules/hot/status", "", 200, `{"status":"stopped","message":"canceled manually","lastStartTimestamp":…`)
	if _, text, _ := b.Call(t, "GET", "/rules/hot", ""); !strings.Contains(text, `"triggered":false`) || !strings.Contains(text, `"sql":"SELECT t FROM demo`) {
		t.Errorf("stored rule %s", text)
	}
	b.want("POST", "/rules/hot/restart", "", 200, "Rule hot was restarted")
	b.want("GET", "/rules/hot", "", 200, hot)
	b.Send(t, `{"t":81}`)
	b.Want(t, `{"t":81}`)
	b.want("DELETE", "/rules/hot", "", 200, "Rule hot is dropped.")
	b.want("GET", "/rules", "", 200, "[]\n")
}

func TestUnknownRule(t *testing.T) {
	b := withDemo(t)
	for _, call := range []string{"GET /rules/nope", "GET /rules/nope/status", "GET /v2/rules/nope/status", "GET /rules/nope/topo", "GET /rules/nope/explain",
		"POST /rules/nope/start", "POST /rules/nope/stop", "POST /rules/nope/restart"} {
		method, path, _ := strings.Cut(call, " ")
		b.refused(method, path, "", 404, 1002, "rule nope is not found")
	}
	b.refused("DELETE", "/rules/nope", "", 400, 1000, "rule nope is not found")
}

func TestUpdateRule(t *testing.T) {
	b := withDemo(t)
	b.want("PUT", "/rules/hot", hot, 200, "Rule hot was updated successfully.")
	b.Send(t, `{"t":70}`, `{"t":81}`)
	b.Want(t, `{"t":81}`)
	_, before, _ := b.Call(t, "GET", "/rules/hot/status", "")
	b.want("PUT", "/rules/hot", hot, 200, "Rule hot was updated successfully.") // equal: it runs on
	_, after, _ := b.Call(t, "GET", "/rules/hot/status", "")
	if started(t, before) != started(t, after) {
		t.Error("an equal rule was started again")
	}
	cool := strings.Replace(hot, "80", "60", 1)
	b.refused("PUT", "/rules/hot", strings.Replace(hot, "FROM demo", "FROM dmo", 1), 400, 2101, `Did you mean "demo"?`)
	b.Send(t, `{"t":70}`, `{"t":82}`) // the old rule still runs
	b.Want(t, `{"t":82}`)
	b.want("PUT", "/rules/hot", cool, 200, "Rule hot was updated successfully.")
	b.want("GET", "/rules/hot", "", 200, cool)
	b.Send(t, `{"t":70}`)
	b.Want(t, `{"t":70}`)
	b.refused("PUT", "/rules/other", hot, 400, 1000, `id "hot" in the body is not the id "other" in the path`)
	b.refused("PUT", "/rules/hot", "", 400, 1000, "rule is not JSON")
}

func started(t *testing.T, status string) float64 {
	t.Helper()
	var s struct{ LastStartTimestamp float64 }
	if err := json.Unmarshal([]byte(status), &s); err != nil || s.LastStartTimestamp == 0 {
		t.Fatalf("%v in %s", err, status)
	}
	return s.LastStartTimestamp
}

// Whatever is wrong with a rule, nothing of it is left.
func TestBadRules(t *testing.T) {
	b := withDemo(t)
	for _, c := range []struct {
		rule    string
		code    int
		message string
	}{
		{`{"id":"r","sql":"SELECT FROM demo","actions":[{"memory":{}}]}`, 2001, "1:8: "},
		{`{"id":"r","sql":"SELECT a FROM nope","actions":[{"memory":{}}]}`, 2101, "nope"},
		{`{"id":"r","sql":"SELECT abss(a) FROM demo","actions":[{"memory":{}}]}`, 2101, `Did you mean "abs"?`},
		{`{"id":"r","sql":"SELECT a FROM demo","actions":[{"memry":{}}]}`, 2201, `actions[0]: unknown sink type "memry"; did you mean "memory"?`},
		{`{"id":"r","sql":"SELECT a FROM demo","actions":[{"memory":{}},{"memory":{"topc":"x"}}]}`, 2201, `actions[1]: sink memory: unknown property "topc"; did you mean "topic"?`},
		{`{"id":"r","sql":"SELECT a FROM demo","actions":[{"memory":{"dataTemplate":"{{.a"}}]}`, 2201, "actions[0]: "},
		{`{"id":"r","sql":"SELECT a FROM demo","actions":[]}`, 1000, "actions are empty"},
		{`{"id":"r","sql":"SELECT a FROM demo"}`, 1000, "actions are missing"},
		{`{"id":"r","actions":[{"memory":{}}]}`, 1000, "sql is missing"},
		{`{"sql":"SELECT a FROM demo","actions":[{"memory":{}}]}`, 1000, "id is missing"},
		{`{"id":"r r","sql":"SELECT a FROM demo","actions":[{"memory":{}}]}`, 1000, `id "r r" may only have letters`},
		{`{"id":"r","sql":"SELECT a FROM demo","actions":[{"memory":{}}],"options":{"isEventTime":true}}`, 2101, "event time needs the TIMESTAMP of stream"},
		{`{"id":"r","sql":"SELECT a FROM demo","actions":[{"memory":{}}],"options":{"qos":3}}`, 1000, "options.qos: there are 0, 1 and 2, not 3"},
		{`{"id":"r","sql":"SELECT a FROM demo","actions":[{"memory":{}}],"options":{"bufferLength":-1}}`, 1000, "options.bufferLength must be a whole number of at least 0, not -1"},
		{`{"id":"r","graph":{},"actions":[{"memory":{}}]}`, 1000, "a rule has either sql with actions, or a graph"},
		{`[]`, 1000, "rule must be an object"},
		{hot + "x", 1000, "after top-level value"},
		{`{"id":"r",`, 1000, "rule is not JSON: line 1"},
	} {
		b.refused("POST", "/rules", c.rule, 400, c.code, c.message)
		if status, text, _ := b.Call(t, "POST", "/rules/validate", c.rule); status != 422 || !strings.Contains(text, c.message) || strings.HasPrefix(text, "{") {
			t.Errorf("validate %s: %d %s", c.rule, status, text)
		}
	}
	b.refused("POST", "/rules", strings.Replace(hot, "80", "'\xff'", 1), 400, 1000, "the body is not UTF-8")
	b.want("GET", "/rules", "", 200, "[]\n")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
}

func TestErrorsPointAtTheText(t *testing.T) {
	b := withDemo(t)
	f := b.refused("POST", "/rules", `{"id":"r","sql":"SELECT a\nFROM dmo","actions":[{"memory":{}}]}`, 400, 2101, "2:6: ")
	if f["code"] != "unknown_stream" || f["line"] != 2.0 || f["column"] != 6.0 || f["hint"] != `Did you mean "demo"?` || !strings.Contains(f["message"].(string), "\n |      ^^^") {
		t.Errorf("%v", f)
	}
}

func TestWarnings(t *testing.T) {
	b := withDemo(t)
	typo := `{"id":"r","sgl":"x","sql":"SELECT a FROM demo","actions":[{"memory":{"runAsync":true}}],"options":{"sendNilFeld":true,"sendError":true}}`
	want := []string{
		`options.sendNilFeld is unknown and has no effect; did you mean "sendNilField"?`,
		`sgl is unknown and has no effect; did you mean "sql"?`,
		`actions[0]: property "runAsync" has no effect any more; leave it out`,
	}
	if h := b.want("POST", "/rules", typo, 201, "Rule r was created successfully."); !cmp.Equal(h.Values("Warnings"), want) {
		t.Error(cmp.Diff(want, h.Values("Warnings")))
	}
	twice := strings.Replace(hot, `"sql"`, `"ID":"warm","sql"`, 1)
	if h := b.want("POST", "/rules", twice, 201, "Rule warm was created successfully."); !cmp.Equal(h.Values("Warnings"), []string{"ID is given twice; the last one counts"}) {
		t.Error(h.Values("Warnings"))
	}
	b.want("POST", "/rules/validate", `{"id":"r","sgl":"x","sql":"SELECT a FROM demo","actions":[{"memory":{}}]}`, 200,
		`{"sources":["demo"],"valid":true,"warnings":["sgl is unknown and has no effect; did you mean \"sql\"?"]}`+"\n")
	b.want("POST", "/rules/validate", `{"id":"r","sql":"SELECT a FROM demo","actions":[{"memory":{"runAsync":true}}]}`, 200,
		`{"sources":["demo"],"valid":true,"warnings":["actions[0]: property \"runAsync\" has no effect any more; leave it out"]}`+"\n")
	b.want("POST", "/rules/validate", hot, 200, `{"sources":["demo"],"valid":true}`+"\n")
}

func TestStatus(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.Send(t, `{"t":79}`, `nonsense`, `{"t":81}`)
	b.Want(t, `{"t":81}`)
	if _, text, _ := b.Call(t, "GET", "/rules/hot/status", ""); !strings.Contains(text, `"source_demo_0_connection_status":1,`) {
		t.Errorf("of a running rule: %s", text)
	}
	b.want("POST", "/rules/hot/stop", "", 200, "Rule hot was stopped.")
	_, got, header := b.Call(t, "GET", "/rules/hot/status", "")
	if header.Get("Content-Type") != "application/json" {
		t.Error(header)
	}
	keys := orderedKeys(t, got)
	block := []string{"records_in_total", "records_out_total", "messages_processed_total", "process_latency_us", "buffer_length", "last_invocation", "exceptions_total", "last_exception", "last_exception_time"}
	link := []string{"connection_status", "connection_last_connected_time", "connection_last_disconnected_time", "connection_last_disconnected_message", "connection_last_try_time"}
	want := []string{"status", "message", "lastStartTimestamp", "lastStopTimestamp", "nextStartTimestamp"}
	for _, p := range []string{"source_demo_0_", "op_1_filter_0_", "op_2_project_0_", "sink_memory_0_0_"} {
		for _, k := range block {
			want = append(want, p+k)
		}
		if p[0] == 's' {
			for _, k := range append(link, "dropped_total") {
				want = append(want, p+k)
			}
		}
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
	var s map[string]any
	if err := json.Unmarshal([]byte(got), &s); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"source_demo_0_records_in_total": 3.0, "source_demo_0_records_out_total": 2.0, "source_demo_0_exceptions_total": 1.0,
		"source_demo_0_connection_status": -1.0, "sink_memory_0_0_connection_status": -1.0, "op_1_filter_0_records_in_total": 2.0, "op_1_filter_0_records_out_total": 1.0,
		"sink_memory_0_0_records_in_total": 1.0, "sink_memory_0_0_records_out_total": 1.0, "nextStartTimestamp": 0.0,
	} {
		if s[key] != want {
			t.Errorf("%s is %v, want %v", key, s[key], want)
		}
	}
	if s["source_demo_0_last_exception"] == "" || s["lastStopTimestamp"].(float64) < s["lastStartTimestamp"].(float64) {
		t.Error(got)
	}
}

func orderedKeys(t *testing.T, text string) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dec.Token(); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key.(string))
	}
	return keys
}

func TestTopoAndExplain(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", strings.Replace(hot, `"id":"hot"`, `"id":"hot","triggered":false`, 1), 201, "Rule hot was created successfully.")
	b.refused("GET", "/rules/hot/topo", "", 400, 1001, "rule hot has not run yet")
	b.want("POST", "/rules/hot/start", "", 200, "Rule hot was started")
	b.want("GET", "/rules/hot/topo", "", 200, `{"sources":["source_demo"],"edges":{"op_1_filter":["op_2_project"],"op_2_project":["sink_memory_0"],"source_demo":["op_1_filter"]}}`+"\n")
	if status, text, _ := b.Call(t, "GET", "/rules/hot/explain", ""); status != 200 || !strings.Contains(text, "demo") {
		t.Errorf("%d %s", status, text)
	}
}

func TestSeveralActions(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", `{"id":"r","tags":["a","b"],"name":"both","sql":"SELECT t FROM demo","actions":[{"memory":{"sendSingle":true}},{"memory":{}}]}`, 201, "Rule r was created successfully.")
	b.Send(t, `{"t":1}`)
	b.Want(t, `{"t":1}`)
	b.Want(t, `[{"t":1}]`)
	b.want("GET", "/rules", "", 200, `[{"id":"r","name":"both","status":"running","tags":["a","b"],"trace":false,"version":""}]`+"\n")
}

func TestPutTakesTheIDOfThePath(t *testing.T) {
	b := withDemo(t)
	const noID = `{"sql":"SELECT t FROM demo","actions":[{"memory":{}}],"triggered":false}`
	for range 2 { // as a new rule, and as a change
		b.want("PUT", "/rules/r", noID, 200, "Rule r was updated successfully.")
		b.want("GET", "/rules/r", "", 200, `{"actions":[{"memory":{}}],"id":"r","sql":"SELECT t FROM demo","triggered":false}`)
	}
	b.refused("PUT", "/rules/r", `{"id":"s",`+noID[1:], 400, 1000, `id "s" in the body is not the id "r" in the path`)
	b.refused("POST", "/rules", noID, 400, 1000, "id is missing")
}
