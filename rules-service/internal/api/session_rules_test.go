package api_test

import "testing"

// The answers of a session about rules are as the OpenAPI document says.
func TestAnswersAboutRulesAreAsDescribed(t *testing.T) {
	c := newContract(real(t))
	apply := set{
		Streams: map[string]string{"demo": `CREATE STREAM demo () WITH (TYPE="test", FORMAT="json", DATASOURCE="d")`},
		Tables:  map[string]string{"kept": `CREATE TABLE kept () WITH (TYPE="simulator", FORMAT="json", DATASOURCE="d", EXTRA="{\"data\":[{\"a\":1}],\"interval\":0,\"loop\":false}")`},
		Rules:   map[string]any{"r1": `{"id":"r1","sql":"SELECT t FROM demo WHERE t > $low","options":{"params":{"low":{"value":1,"from":"SELECT low FROM demo"}}},"sgl":1,"actions":[{"test":{}}]}`, "r2": map[string]any{}},
	}
	c.call("POST", "/apply", apply.json(t), 400)
	apply.Rules["r2"] = map[string]any{"id": "r2", "sql": "SELECT demo.a, kept.a AS b FROM demo INNER JOIN kept ON demo.a = kept.a", "actions": []any{map[string]any{"test": nil}}}
	c.call("POST", "/apply", apply.json(t), 200)
	c.call("POST", "/apply", apply.json(t), 200)
	rule := `{"id":"r3","name":"third","tags":["x"],"sql":"SELECT t, count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)","actions":[{"test":{}}]}`
	c.call("POST", "/rules/validate", rule, 200)
	c.call("POST", "/rules/validate", `{}`, 422)
	c.call("POST", "/rules", rule, 201)
	c.call("POST", "/rules", rule, 400)
	c.call("PUT", "/rules/{id=r3}", rule, 200)
	for _, path := range []string{"/rules", "/rules?limit=1&offset=1&tag=x&status=running&q=r", "/rules/status/all", "/rules/usage/cpu"} {
		c.call("GET", path, "", 200)
	}
	for _, id := range []string{"r1", "r2", "r3"} {
		for _, view := range []string{"", "/status", "/topo", "/explain", "/schema", "/scantables", "/params"} {
			c.call("GET", "/rules/{id="+id+"}"+view, "", 200)
		}
	}
	for _, view := range []string{"/status", "/topo", "/explain", "/schema", "/scantables", "/params"} {
		c.call("GET", "/rules/{id=nope}"+view, "", 404)
	}
	c.call("GET", "/v2/rules/{id=r1}/status", "", 200)
	c.call("PUT", "/rules/{id=r1}/params", `{"low":2.5}`, 200)
	c.call("GET", "/rules/{id=r1}/params", "", 200)
	c.call("GET", "/rules/{id=r1}/status", "", 200)
	c.call("PUT", "/rules/{id=r1}/params", `{"lo":2.5}`, 400)
	c.call("PUT", "/rules/{id=nope}/params", `{"low":2.5}`, 404)
	c.call("PUT", "/rules/{id=r1}/reset_state", `{"type":1,"params":{"streamName":"demo"}}`, 400)
	c.call("PUT", "/rules/{id=r1}/tags", `{"tags":["y"]}`, 200)
	c.call("PATCH", "/rules/{id=r1}/tags", `{"tags":["z"]}`, 200)
	c.call("DELETE", "/rules/{id=r1}/tags", `{"tags":["z"]}`, 200)
	c.call("DELETE", "/rules/{id=nope}/tags", `{"tags":["z"]}`, 404)
	c.call("GET", "/rules/tags/match?tag=y", "", 200)
	c.call("POST", "/rules/bulkstop", `{"tags":["y"]}`, 200)
	c.call("POST", "/rules/bulkstart", `{"tags":["y"]}`, 200)
	c.call("POST", "/rules/bulkstart", `{"tags":["none"]}`, 400)
	for _, verb := range []string{"stop", "start", "restart"} {
		c.call("POST", "/rules/{id=r1}/"+verb, "", 200)
		c.call("POST", "/rules/{id=nope}/"+verb, "", 404)
	}
	c.call("POST", "/rules/{id=r1}/trace/start", `{"strategy":"always"}`, 400)
	c.call("POST", "/rules/{id=r1}/trace/stop", "", 200)
	c.call("POST", "/tracer", "{}", 400)
	c.call("GET", "/trace/rule/{id=r1}", "", 200)
	c.call("GET", "/trace/{trace=abc}", "", 404)
	c.call("POST", "/ruletest", `{"id":"t1","sql":"SELECT a FROM demo","mockSource":{"demo":{"data":[{"a":1}]}}}`, 200)
	c.call("POST", "/ruletest/{id=t1}/start", "", 200)
	c.call("DELETE", "/ruletest/{id=t1}", "", 200)
	c.call("POST", "/ruletest/{id=t1}/start", "", 400)
	c.call("GET", "/test/{id=t1}", "", 404)
	c.call("POST", "/rules/trial", `{"sql":"SELECT a FROM demo","rows":{"demo":[{"a":1}]}}`, 200)
	c.call("POST", "/rules/trial", `{"sql":"SELECT abss(a) FROM demo","rows":{"demo":[{"a":1}]}}`, 400)
	c.call("DELETE", "/rules/{id=r3}", "", 200)
	c.call("DELETE", "/rules/{id=r3}", "", 400)
}
