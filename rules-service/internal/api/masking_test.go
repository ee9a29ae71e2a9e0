package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Definitions are shown without their secrets, and what is sent back as it was
// shown keeps them.
func TestDefinitionsAreShownWithoutSecrets(t *testing.T) {
	b := real(t)
	stream := `CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="mqtt", FORMAT="json", EXTRA="{\"server\":\"tcp://127.0.0.1:1\",\"password\":\"hush\"}")`
	rule := `{"sql":"SELECT * FROM plant","id":"r","actions":[{"log":{}},{"mqtt":{"server":"tcp://127.0.0.1:1","topic":"x","password":"hush","qos":1}},{"rest":{"url":"http://u:hush@127.0.0.1:1/x?key=hush"}}]}`
	b.want("POST", "/streams", sql(stream), 201, "Stream plant is created.")
	b.want("POST", "/rules", rule, 201, "Rule r was created successfully.")
	_, shown, _ := b.Call(t, "GET", "/rules/r", "")
	if want := `{"actions":[{"log":{}},{"mqtt":{"password":"<secret>","qos":1,"server":"tcp://127.0.0.1:1","topic":"x"}},{"rest":{"url":"http://u:<secret>@127.0.0.1:1/x?key=<secret>"}}],"id":"r","sql":"SELECT * FROM plant"}`; shown != want {
		t.Errorf("got  %s\nwant %s", shown, want)
	}
	b.want("GET", "/rules/r?secrets=true", "", 200, rule)
	var s struct{ Options map[string]any }
	b.get("/streams/plant", &s)
	if s.Options["EXTRA"] != `{"password":"<secret>","server":"tcp://127.0.0.1:1"}` || s.Options["extra"] != s.Options["EXTRA"] {
		t.Errorf("%v", s.Options)
	}

	b.want("POST", "/rules/validate", shown, 200, `{"sources":["plant"],"valid":true}`+"\n")
	b.want("PUT", "/rules/r", strings.Replace(shown, `"qos":1`, `"qos":0`, 1), 200, "Rule r was updated successfully.")
	b.want("PUT", "/streams/plant", sql(strings.Replace(stream, "hush", "<secret>", 1)), 200, "Stream plant is replaced.")
	applied, err := json.Marshal(map[string]any{"rules": map[string]json.RawMessage{"r": json.RawMessage(shown)}})
	if err != nil {
		t.Fatal(err)
	}
	b.want("POST", "/apply", string(applied), 200, `{"changes":[{"kind":"rule","name":"r","action":"update"}]}`+"\n")
	_, after, _ := b.Call(t, "GET", "/rules/r?secrets=true", "")
	var was, is map[string]any
	if err := json.Unmarshal([]byte(rule), &was); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(after), &is); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(was, is); diff != "" {
		t.Error(diff)
	}
	if _, text, _ := b.Call(t, "GET", "/streams/plant?secrets=true", ""); !strings.Contains(text, "hush") {
		t.Error(text)
	}

	other := strings.Replace(shown, `"id":"r"`, `"id":"r2"`, 1)
	b.refused("POST", "/rules", other, 400, 1000, `actions[1].mqtt: "password" holds the placeholder of a secret; give the secret itself`)
	b.refused("POST", "/apply", `{"rules":{"r2":`+other+`}}`, 400, 1000, `rule r2: actions[1].mqtt: "password" holds the placeholder`)
	b.refused("POST", "/streams", sql(strings.NewReplacer("plant", "plant2", "hush", "<secret>").Replace(stream)), 400, 3000, `EXTRA: "password" holds the placeholder`)
}

// A text without secrets is returned as it was sent.
func TestTextsWithoutSecretsStayAsTheyAre(t *testing.T) {
	b := real(t)
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="mqtt", FORMAT="json", EXTRA="{ \"qos\": 1, \"server\": \"tcp://127.0.0.1:1\" }")`), 201, "Stream plant is created.")
	var s struct{ Options map[string]any }
	if b.get("/streams/plant", &s); s.Options["EXTRA"] != `{ "qos": 1, "server": "tcp://127.0.0.1:1" }` {
		t.Errorf("%v", s.Options)
	}
	rule := "{ \"sql\":\"SELECT * FROM plant\",\n \"id\":\"r\", \"actions\":[ {\"mqtt\":{\"topic\":\"x\",\"server\":\"tcp://127.0.0.1:1\",\"password\":\"secret://plant/key\"}}]}"
	b.want("POST", "/rules", rule, 201, "Rule r was created successfully.")
	b.want("GET", "/rules/r", "", 200, rule)
}

func TestSecretsInGraphs(t *testing.T) {
	b := real(t)
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="test", FORMAT="json")`), 201, "Stream plant is created.")
	b.want("POST", "/rules", `{"id":"g","graph":{"nodes":{"in":{"type":"source","nodeType":"test","props":{"sourceName":"plant"}},"out":{"type":"sink","nodeType":"mqtt","props":{"server":"tcp://127.0.0.1:1","topic":"x","password":"hush"}}},"topo":{"sources":["in"],"edges":{"in":["out"]}}}}`, 201, "Rule g was created successfully.")
	_, shown, _ := b.Call(t, "GET", "/rules/g", "")
	if strings.Contains(shown, "hush") || !strings.Contains(shown, `"password":"<secret>"`) {
		t.Error(shown)
	}
	b.want("PUT", "/rules/g", shown, 200, "Rule g was updated successfully.")
	if _, text, _ := b.Call(t, "GET", "/rules/g?secrets=true", ""); !strings.Contains(text, "hush") {
		t.Error(text)
	}
}
