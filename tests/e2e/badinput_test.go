package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// TestBadInput sends what users get wrong and looks for an answer that says
// where it is and what to do, and for nothing half-created.
func TestBadInput(t *testing.T) {
	broker := servers.Mosquitto(t)
	r := stack.NewRules(t, stack.Bus{Type: "mqtt", Port: broker.Port})
	stack.MustCall(t, 201, "POST", r.API+"/streams",
		`{"sql":"CREATE STREAM demo (temperature FLOAT, humidity BIGINT) WITH (TYPE=\"mqtt\", DATASOURCE=\"demo\", FORMAT=\"json\")"}`)
	rule := func(sql, action string) string {
		b, err := json.Marshal(map[string]any{"id": "bad", "sql": sql, "actions": json.RawMessage("[" + action + "]")})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const good = "SELECT temperature FROM demo"
	cases := []struct {
		name, path, body string
		want             []string // in the answer
		position         bool
	}{
		{"unknown column", "/rules", rule("SELECT humid FROM demo", `{"log":{}}`), []string{`humid`, `Did you mean \"humidity\"?`}, true},
		{"syntax error", "/rules", rule("SELECT temperature FRM demo", `{"log":{}}`), []string{`FRM`}, true},
		{"unknown function", "/rules", rule("SELECT roundd(temperature) AS r FROM demo", `{"log":{}}`), []string{`roundd`, `round\"`}, true},
		{"unknown stream", "/rules", rule("SELECT a FROM dmo", `{"log":{}}`), []string{`dmo`, `demo`}, true},
		{"rule is no JSON", "/rules", `{"id":"bad",`, []string{`"message"`}, false},
		{"rule without action", "/rules", `{"id":"bad","sql":"` + good + `","actions":[]}`, []string{`action`}, false},
		{"unknown sink", "/rules", rule(good, `{"mqt":{}}`), []string{`mqt`, `mqtt`}, false},
		{"unknown sink property", "/rules", rule(good, `{"mqtt":{"server":"tcp://127.0.0.1:1883","topc":"x"}}`), []string{`topc`, `topic`}, false},
		{"missing sink property", "/rules", rule(good, `{"mqtt":{"server":"tcp://127.0.0.1:1883"}}`), []string{`topic`}, false},
		{"bad template", "/rules", rule(good, `{"log":{"dataTemplate":"{{.a"}}`), []string{`dataTemplate`}, false},
		{"unknown stream option", "/streams", `{"sql":"CREATE STREAM bad () WITH (TYP=\"mqtt\")"}`, []string{`TYP`, `TYPE`}, true},
		{"unknown stream type", "/streams", `{"sql":"CREATE STREAM bad () WITH (TYPE=\"mqt\", DATASOURCE=\"x\")"}`, []string{`mqt`, `mqtt`}, false},
		{"stream syntax", "/streams", `{"sql":"CREATE STREAM bad (a BIGINTT) WITH (TYPE=\"mqtt\")"}`, []string{`BIGINTT`, `BIGINT`}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := stack.MustCall(t, 400, "POST", r.API+c.path, c.body)
			for _, part := range c.want {
				if !strings.Contains(text, part) {
					t.Errorf("%q is not in the answer: %s", part, text)
				}
			}
			var answer struct {
				Error        int
				Message      string
				Line, Column int
			}
			if err := json.Unmarshal([]byte(text), &answer); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if answer.Error == 0 || answer.Message == "" || c.position && (answer.Line == 0 || answer.Column == 0) {
				t.Errorf("the answer lacks number, message or position: %s", text)
			}
			t.Logf("%s", answer.Message)
		})
	}
	if text := stack.MustCall(t, 200, "GET", r.API+"/rules", ""); strings.TrimSpace(text) != "[]" {
		t.Errorf("rules were half-created: %s", text)
	}
	if text := stack.MustCall(t, 200, "GET", r.API+"/streams", ""); strings.TrimSpace(text) != `["demo"]` {
		t.Errorf("streams were half-created: %s", text)
	}
}
