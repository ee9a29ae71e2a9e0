package api_test

import (
	"strings"
	"testing"
)

// withTags are three rules, of which two have tags.
func withTags(t *testing.T) *bench {
	b := withDemo(t)
	for id, tags := range map[string]string{"a": `["x","y"]`, "b": `["x"]`, "c": "null"} {
		b.want("POST", "/rules", `{"id":"`+id+`","name":"Pump `+strings.ToUpper(id)+`","tags":`+tags+`,"triggered":false,"sql":"SELECT t FROM demo","actions":[{"memory":{}}]}`, 201, "Rule "+id+" was created successfully.")
	}
	return b
}

func TestTags(t *testing.T) {
	b := withTags(t)
	matched := func(tags, want string) {
		t.Helper()
		b.want("GET", "/rules/tags/match", `{"tags":`+tags+`}`, 200, `{"rules":`+want+"}\n")
	}
	matched(`["x"]`, `["a","b"]`)
	matched(`["y","x"]`, `["a"]`)
	matched(`["z"]`, `[]`)
	b.want("GET", "/rules/tags/match?tag=x&tag=y", "", 200, `{"rules":["a"]}`+"\n")
	b.want("PUT", "/rules/c/tags", `{"tags":["z","z"]}`, 200, "")
	b.want("PATCH", "/rules/c/tags", `{"tags":["x","z"]}`, 200, "")
	matched(`["z"]`, `["c"]`)
	matched(`["x"]`, `["a","b","c"]`)
	b.want("GET", "/rules/c", "", 200, `{"actions":[{"memory":{}}],"id":"c","name":"Pump C","sql":"SELECT t FROM demo","tags":["z","x"],"triggered":false}`)
	b.want("DELETE", "/rules/c/tags", `{"tags":["x","nope"]}`, 200, "")
	matched(`["x"]`, `["a","b"]`)
	b.refused("PUT", "/rules/nope/tags", `{"tags":["z"]}`, 404, 1002, "rule nope is not found")
	b.refused("PUT", "/rules/c/tags", `[]`, 400, 1000, "the body must be JSON such as")
}

// Tags change while a rule runs, and outlive the service.
func TestTagsOfARunningRule(t *testing.T) {
	dir := t.TempDir()
	b := &bench{startIn(t, dir), t}
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	_, before, _ := b.Call(t, "GET", "/rules/hot/status", "")
	b.want("PUT", "/rules/hot/tags", `{"tags":["x"]}`, 200, "")
	if _, after, _ := b.Call(t, "GET", "/rules/hot/status", ""); started(t, before) != started(t, after) {
		t.Error("the rule was started again")
	}
	b.Close(t)
	b.Service = startIn(t, dir)
	b.want("GET", "/rules?tag=x", "", 200, `[{"id":"hot","name":"hot","status":"running","tags":["x"],"trace":false,"version":""}]`+"\n")
	b.Send(t, `{"t":81}`)
	b.Want(t, `{"t":81}`)
}

func TestBulk(t *testing.T) {
	b := withTags(t)
	b.want("POST", "/rules/bulkstart", `{"tags":["x"]}`, 200, `[{"ruleId":"a","success":true,"error":""},{"ruleId":"b","success":true,"error":""}]`+"\n")
	b.want("GET", "/rules?status=running&limit=1", "", 200, `[{"id":"a","name":"Pump A","status":"running",…`)
	b.want("POST", "/rules/bulkstop", `{"tags":[]}`, 200, `[{"ruleId":"a","success":true,"error":""},{"ruleId":"b","success":true,"error":""},{"ruleId":"c","success":true,"error":""}]`+"\n")
	b.refused("POST", "/rules/bulkstop", `{"tags":["nope"]}`, 400, 1000, "no matching rules")
	b.want("DELETE", "/streams/demo?force=true", "", 200, "Stream demo is dropped.")
	b.want("POST", "/rules/bulkstart", `{"tags":["y"]}`, 200, `[{"ruleId":"a","success":false,"error":"1:15: unknown stream \"demo\"…`)
}

// No tags mean all rules, or none on a rule; without a body nothing is meant.
func TestTagsNeedABody(t *testing.T) {
	b := withTags(t)
	for _, call := range []string{"POST /rules/bulkstart", "POST /rules/bulkstop", "PUT /rules/a/tags", "PATCH /rules/a/tags", "DELETE /rules/a/tags", "GET /rules/tags/match"} {
		method, path, _ := strings.Cut(call, " ")
		b.refused(method, path, "", 400, 1000, "the body must be JSON such as")
	}
	b.want("GET", "/rules/tags/match", `{"tags":["x","y"]}`, 200, `{"rules":["a"]}`+"\n")
	b.want("GET", "/rules/tags/match?tag=x", `{"tags":["y"]}`, 200, `{"rules":["a"]}`+"\n")
	b.want("GET", "/rules?status=running", "", 200, "[]\n")
}

func TestPages(t *testing.T) {
	b := withTags(t)
	page := func(path, total string, ids ...string) {
		t.Helper()
		status, text, h := b.Call(t, "GET", path, "")
		if status != 200 || h.Get("X-Total-Count") != total || strings.Count(text, "Pump") != len(ids) {
			t.Errorf("%s: %d, total %s, %s", path, status, h.Get("X-Total-Count"), text)
		}
		for _, id := range ids {
			if !strings.Contains(text, `"id":"`+id+`"`) {
				t.Errorf("%s: no %s in %s", path, id, text)
			}
		}
	}
	page("/rules", "3", "a", "b", "c")
	page("/rules?limit=2", "3", "a", "b")
	page("/rules?limit=2&offset=2", "3", "c")
	page("/rules?offset=9", "3")
	page("/rules?tag=x&offset=1", "2", "b")
	page("/rules?q=PUMP+b", "1", "b")
	page("/rules?q=pump&status=stopped&tag=x&tag=y", "1", "a")
	page("/rules?status=running", "0")
	b.want("GET", "/rules/status/all?limit=1&offset=1", "", 200, `{"b":{"status":"stopped","last_exception":"","exceptions_total":0}}`+"\n")
	b.want("GET", "/streams?q=DEM&limit=5", "", 200, `["demo"]`+"\n")
	b.want("GET", "/streams?q=x", "", 200, "[]\n")
	b.want("GET", "/streamdetails?offset=1", "", 200, "[]\n")
	b.refused("GET", "/rules?limit=-1", "", 400, 1000, `limit must be a whole number of at least 0, not "-1"`)
	b.refused("GET", "/streams?offset=x", "", 400, 3000, `offset must be a whole number`)
	b.refused("GET", "/rules?status=runing", "", 400, 1000, `status "runing" is unknown; there are "running"`)
}

func TestOutputOfARule(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", `{"id":"r","triggered":false,"sql":"SELECT t, count(*) AS n, * FROM demo GROUP BY COUNTWINDOW(2)","actions":[{"memory":{}}]}`, 201, "Rule r was created successfully.")
	b.want("GET", "/rules/r/schema", "", 200, `{"n":{"hasIndex":true,"index":1,"type":"bigint"},"t":{"hasIndex":true,"index":0}}`+"\n")
	b.refused("GET", "/rules/nope/schema", "", 404, 1002, "rule nope is not found")
}

func TestWhatIsNotDone(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.refused("PUT", "/rules/hot/reset_state", `{"type":1,"params":{"streamName":"demo","input":{}}}`, 400, 1000, "stream demo cannot be set back")
	b.refused("PUT", "/rules/hot/reset_state", `{"type":1,"params":{"streamName":"x"}}`, 400, 1000, `does not read a stream "x"`)
	b.refused("PUT", "/rules/hot/reset_state", `{"type":2}`, 400, 1000, "reset of type 2 is unknown")
	b.refused("PUT", "/rules/nope/reset_state", `{"type":1}`, 400, 1000, "rule nope")
	b.want("GET", "/rules/usage/cpu", "", 200, "cpu usage not enabled")
	b.refused("POST", "/rules/hot/trace/start", `{"strategy":"always"}`, 400, 1000, "does not trace")
	b.want("POST", "/rules/hot/trace/stop", "", 200, "")
	b.want("GET", "/trace/rule/hot?limit=3", "", 200, "[]\n")
	b.refused("GET", "/trace/abc", "", 404, 1002, "trace is not found")
	b.refused("POST", "/tracer", `{"action":"start"}`, 400, 1000, "does not trace")
}
