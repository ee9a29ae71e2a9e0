package api_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/rules-service/internal/apitest"
)

// content is the body of an import.
func content(text string) string {
	b, err := json.Marshal(map[string]string{"content": text})
	if err != nil {
		panic(err)
	}
	return string(b)
}

const (
	plainDemo = `CREATE STREAM demo () WITH (TYPE="memory", DATASOURCE="d", FORMAT="json", SHARED="true")`
	emptyMaps = `"nativePlugins":{},"portablePlugins":{},"sourceConfig":{},"sinkConfig":{},"connectionConfig":{},"Service":{},"Schema":{},"uploads":{},"scripts":{}`
)

func TestRulesetExport(t *testing.T) {
	b := start(t)
	empty := `{"streams":{},"tables":{},"rules":{}}`
	h := b.want("POST", "/ruleset/export", "", 200, empty)
	if h.Get("Content-Disposition") != "Attachment" || h.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%v", h)
	}
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	_, text, _ := b.Call(t, "POST", "/ruleset/export", "")
	var set map[string]map[string]string
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"streams": {"demo": plainDemo}, "tables": {}, "rules": {"hot": hot}}
	if diff := cmp.Diff(want, set); diff != "" {
		t.Error(diff)
	}
	other := start(t)
	other.want("POST", "/ruleset/import", content(text), 200, "imported 1 streams, 0 tables and 1 rules")
	other.want("POST", "/ruleset/export", "", 200, text)
	other.Send(t, `{"t":81}`)
	other.Want(t, `{"t":81}`)
}

// A ruleset takes what is right and says what is not.
func TestRulesetImportLeavesMistakesOut(t *testing.T) {
	b := start(t)
	bad := `{"streams":{"demo":` + quote(plainDemo) + `,"other":"CREATE STREM other","typed":` + quote(strings.Replace(plainDemo, "demo", "nottyped", 1)) + `},
 "rules":{"hot":` + quote(hot) + `,"lost":"{\"sql\":\"SELECT * FROM nowhere\",\"actions\":[{\"memory\":{}}]}","noid":"{\"sql\":\"SELECT t FROM demo\",\"actions\":[{\"memory\":{}}]}","broken":"{","object":{"id":"object","sql":"SELECT t FROM demo","actions":[{"memory":{}}],"triggered":false}}}`
	h := b.want("POST", "/ruleset/import", content(bad), 200, "imported 1 streams, 0 tables and 3 rules")
	warnings := strings.Join(h.Values("Warnings"), "\n")
	for _, want := range []string{`rules.broken: `, `rules.lost: `, "nowhere", `streams.other: `, `streams.typed: `} {
		if !strings.Contains(warnings, want) {
			t.Errorf("%q is missing in %s", want, warnings)
		}
	}
	var rules []struct{ ID, Status string }
	b.get("/rules", &rules)
	if diff := cmp.Diff([]struct{ ID, Status string }{{"hot", "running"}, {"noid", "running"}, {"object", "stopped"}}, rules); diff != "" {
		t.Error(diff)
	}
}

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// R: the connection was closed without an answer.
func TestImportOfContentThatIsNoJSON(t *testing.T) {
	b := start(t)
	for _, path := range []string{"/ruleset/import", "/data/import", "/async/data/import"} {
		b.refused("POST", path, content("{"), 400, 1000, "the content must be JSON")
		b.refused("POST", path, content(`{"stream":{}}`), 400, 1000, `unknown field "stream"`)
		b.refused("POST", path, content(`{"streams":{"demo":5}}`), 400, 1000, `"demo" must be a text or an object`)
		b.refused("POST", path, content(`{} {}`), 400, 1000, "there is more in the content behind its object")
		b.refused("POST", path, `{"content":"{}","file":"file:///a"}`, 400, 1000, "give one of them")
		b.refused("POST", path, `{}`, 400, 1000, `neither "content" nor "file"`)
		b.refused("POST", path, `[`, 400, 1000, "the body must be JSON")
	}
	b.refused("POST", "/v2/data/import", content("a: ["), 400, 1000, "the content must be YAML")
	b.refused("POST", "/v2/data/import", content("strems: {}"), 400, 1000, "strems")
	b.refused("POST", "/v2/data/import", content("sourceConfig: {mqtt.k1: {}}"), 400, 1000, `key "mqtt.k1" must be like sources.mqtt.k1`)
	b.want("GET", "/streams", "", 200, "[]\n")
}

func TestImportFromAnUpload(t *testing.T) {
	dir := t.TempDir()
	b := &bench{apitest.Start(t, dir, ""), t}
	b.want("POST", "/config/uploads", `{"name":"set.json","content":`+quote(`{"streams":{"demo":`+quote(plainDemo)+`}}`)+`}`, 201, "…")
	b.want("POST", "/ruleset/import", `{"file":"file://`+filepath.Join(dir, "uploads", "set.json")+`"}`, 200, "imported 1 streams, 0 tables and 0 rules")
}

// filled fills a service with something of each kind.
func filled(b *bench) {
	b.want("PUT", "/metadata/sources/mqtt/confKeys/k1", `{"server":"tcp://127.0.0.1:1","password":"hush"}`, 200, "")
	b.want("PUT", "/metadata/sinks/rest/confKeys/erp", `{"url":"http://127.0.0.1:1/x"}`, 200, "")
	b.want("POST", "/connections", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:1"}}`, 201, "success")
	b.want("POST", "/config/uploads", `{"name":"a.txt","content":"hi"}`, 201, "…")
	b.want("POST", "/schemas/protobuf", `{"name":"s1","content":"message A {}","version":"1"}`, 201, "protobuf schema s1 is created")
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="mqtt", FORMAT="json", CONF_KEY="k1")`), 201, "Stream plant is created.")
	b.want("POST", "/streams", sql(`CREATE STREAM free () WITH (DATASOURCE="f", TYPE="test", FORMAT="json")`), 201, "Stream free is created.")
	b.want("POST", "/rules", `{"id":"r1","sql":"SELECT * FROM plant","actions":[{"rest":{"resourceId":"erp","headers":{"Authorization":"hush"}}}]}`, 201, "Rule r1 was created successfully.")
	b.want("POST", "/rules", `{"id":"r2","triggered":false,"sql":"SELECT * FROM free","actions":[{"mqtt":{"connectionSelector":"c1","topic":"x"}}]}`, 201, "Rule r2 was created successfully.")
}

func exported(b *bench, method, path, body string) map[string]map[string]string {
	b.t.Helper()
	status, text, _ := b.Call(b.t, method, path, body)
	var out map[string]map[string]string
	if err := json.Unmarshal([]byte(text), &out); err != nil || status != 200 {
		b.t.Fatalf("%d %v in %s", status, err, text)
	}
	return out
}

func TestDataExport(t *testing.T) {
	b := start(t)
	b.want("GET", "/data/export", "", 200, `{"streams":{},"tables":{},"rules":{},`+emptyMaps+`}`)
	b = real(t)
	filled(b)
	all := exported(b, "GET", "/data/export", "")
	want := map[string]map[string]string{
		"streams": {"plant": `CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="mqtt", FORMAT="json", CONF_KEY="k1")`, "free": `CREATE STREAM free () WITH (DATASOURCE="f", TYPE="test", FORMAT="json")`},
		"tables":  {}, "nativePlugins": {}, "portablePlugins": {}, "Service": {}, "scripts": {},
		"rules": {
			"r1": `{"actions":[{"rest":{"headers":{"Authorization":"<secret>"},"resourceId":"erp"}}],"id":"r1","sql":"SELECT * FROM plant"}`,
			"r2": `{"id":"r2","triggered":false,"sql":"SELECT * FROM free","actions":[{"mqtt":{"connectionSelector":"c1","topic":"x"}}]}`,
		},
		"sourceConfig":     {"mqtt": `{"k1":{"password":"<secret>","server":"tcp://127.0.0.1:1"}}`},
		"sinkConfig":       {"rest": `{"erp":{"url":"http://127.0.0.1:1/x"}}`},
		"connectionConfig": {"mqtt": `{"c1":{"server":"tcp://127.0.0.1:1"}}`},
		"Schema":           {"protobuf_s1": `{"type":"protobuf","name":"s1","content":"message A {}","version":"1"}`},
		"uploads":          {"a.txt": `{"name":"a.txt","content":"hi"}`},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
	one := exported(b, "POST", "/data/export", `["r1"]`)
	want["streams"] = map[string]string{"plant": want["streams"]["plant"]}
	want["rules"] = map[string]string{"r1": want["rules"]["r1"]}
	for _, key := range []string{"connectionConfig", "Schema", "uploads"} {
		want[key] = map[string]string{}
	}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Error(diff)
	}
	if two := exported(b, "POST", "/data/export", `["r2"]`); two["connectionConfig"]["mqtt"] == "" || len(two["sourceConfig"])+len(two["sinkConfig"]) > 0 {
		t.Errorf("%v", two)
	}
	b.refused("POST", "/data/export", `["r3"]`, 400, 1000, `rule r3 is not found; did you mean`)
	b.refused("POST", "/data/export", `{`, 400, 1000, "the body must be JSON")
}

// R: passwords left in clear text. They leave only on explicit demand, and come
// back to where they were.
func TestPasswordsLeaveOnDemandAlone(t *testing.T) {
	b := real(t)
	filled(b)
	for _, path := range []string{"/data/export", "/v2/data/export", "/ruleset/export"} {
		_, masked, _ := b.Call(t, "GET", path, "")
		_, clear, _ := b.Call(t, "GET", path+"?secrets=true", "")
		if strings.Contains(masked, "hush") || !strings.Contains(clear, "hush") {
			t.Errorf("%s: %s\n%s", path, masked, clear)
		}
	}
	_, masked, _ := b.Call(t, "GET", "/data/export", "")
	_, before, _ := b.Call(t, "GET", "/data/export?secrets=true", "")
	b.want("POST", "/data/import", content(masked), 200, `{"ErrorMsg":"","ConfigResponse":{"streams":{},"tables":{},"rules":{},`+emptyMaps+"}}\n")
	after := exported(b, "GET", "/data/export?secrets=true", "")
	if !strings.Contains(after["rules"]["r1"], `"Authorization":"hush"`) || !strings.Contains(after["sourceConfig"]["mqtt"], `"password":"hush"`) {
		t.Errorf("%s\n%v", before, after)
	}
	other := real(t)
	f := other.refused("POST", "/data/import", content(masked), 400, 1000, `holds the placeholder of a secret; give the secret itself`)
	var wrong map[string]map[string]string
	if err := json.Unmarshal([]byte(f["message"].(string)), &wrong); err != nil {
		t.Fatal(err)
	}
	if wrong["rules"]["r1"] != `actions[0].rest: "headers.Authorization" holds the placeholder of a secret; give the secret itself` ||
		!strings.HasPrefix(wrong["sourceConfig"]["mqtt"], `k1: configuration key k1 of source mqtt: "password" holds`) {
		t.Errorf("%v", wrong)
	}
	other.want("GET", "/rules", "", 200, `[{"id":"r2",…`)
}

func TestDataMoves(t *testing.T) {
	b := real(t)
	filled(b)
	for _, form := range []struct{ export, load, answer string }{
		{"/data/export", "/data/import", `{"ErrorMsg":"","ConfigResponse":{"streams":{},"tables":{},"rules":{},` + emptyMaps + "}}\n"},
		{"/v2/data/export", "/v2/data/import", "success"},
	} {
		_, text, _ := b.Call(t, "GET", form.export+"?secrets=true", "")
		other := real(t)
		other.want("POST", "/streams", sql(`CREATE STREAM other () WITH (DATASOURCE="o", TYPE="test", FORMAT="json")`), 201, "Stream other is created.")
		other.want("POST", form.load, content(text), 200, form.answer)
		want, got := exported(b, "GET", "/data/export?secrets=true", ""), exported(other, "GET", "/data/export?secrets=true", "")
		if form.load == "/v2/data/import" { // what is not in it stays; rules come back in another order of keys
			delete(got["streams"], "other")
			sameRules(t, want, got)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", form.export, diff)
		}
	}
}

// sameRules compares rules as JSON, and takes them out.
func sameRules(t *testing.T, want, got map[string]map[string]string) {
	t.Helper()
	for id, text := range want["rules"] {
		var a, b map[string]any
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(got["rules"][id]), &b); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if _, said := a["triggered"]; !said {
			a["triggered"] = true
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	delete(want, "rules")
	delete(got, "rules")
}

// R: the export in YAML said triggered: false for rules that run.
func TestYAMLExportHasTheRealState(t *testing.T) {
	b := start(t)
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.want("POST", "/rules", `{"id":"idle","sql":"SELECT t FROM demo","actions":[{"memory":{}}]}`, 201, "Rule idle was created successfully.")
	b.want("POST", "/rules/idle/stop", "", 200, "Rule idle was stopped.")
	_, text, _ := b.Call(t, "GET", "/v2/data/export", "")
	for _, want := range []string{"    hot:\n", "        triggered: true\n", "    idle:\n", "        triggered: false\n", "        sql: " + plainDemo} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	b.want("POST", "/v2/data/import", content(text), 200, "success")
	b.want("GET", "/rules/status/all", "", 200, `{"hot":{"status":"running",…`)
}

// Without partial everything else goes; with it everything else stays.
func TestImportReplacesOrAdds(t *testing.T) {
	b := real(t)
	filled(b)
	small := content(`{"streams":{"demo":"CREATE STREAM demo () WITH (DATASOURCE=\"d\", TYPE=\"test\", FORMAT=\"json\")"},"sinkConfig":{"rest":"{\"erp\":{\"url\":\"http://127.0.0.1:2/y\"}}"}}`)
	ok := `{"ErrorMsg":"","ConfigResponse":{"streams":{},"tables":{},"rules":{},` + emptyMaps + "}}\n"
	b.want("POST", "/data/import?partial=1", small, 200, ok)
	b.want("GET", "/streams", "", 200, `["demo","free","plant"]`+"\n")
	b.want("GET", "/metadata/sinks/yaml/rest", "", 200, `{"erp":{"url":"http://127.0.0.1:2/y"}}`+"\n")
	b.want("POST", "/data/import", small, 200, ok)
	b.want("GET", "/streams", "", 200, `["demo"]`+"\n")
	b.want("GET", "/rules", "", 200, "[]\n")
	b.want("GET", "/connections", "", 200, "[]\n")
	b.want("GET", "/metadata/resources", "", 200, `{"sinks":[{"erp":"rest"}],"sources":null}`+"\n")
	b.want("GET", "/config/uploads", "", 200, "[]\n")
	b.want("GET", "/schemas/protobuf", "", 200, "[]\n")
}

// A backup comes back as it was, also over definitions with newer versions.
func TestBackupComesBack(t *testing.T) {
	b := start(t)
	versioned := func(version string) string {
		return fmt.Sprintf(`{"id":"r","version":%q,"sql":"SELECT t FROM demo","actions":[{"memory":{}}]}`, version)
	}
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("POST", "/rules", versioned("1"), 201, "Rule r was created successfully.")
	b.want("POST", "/schemas/protobuf", `{"name":"s1","content":"message A {}","version":"1"}`, 201, "protobuf schema s1 is created")
	_, backup, _ := b.Call(t, "GET", "/data/export", "")
	b.want("PUT", "/rules/r", versioned("2"), 200, "Rule r was updated successfully.")
	b.want("PUT", "/schemas/protobuf/s1", `{"content":"message B {}","version":"2"}`, 200, "protobuf schema s1 is updated")
	b.refused("POST", "/data/import?partial=1", content(backup), 400, 1000, `not newer than the present`)
	b.want("GET", "/rules/r", "", 200, versioned("2"))
	b.want("POST", "/data/import", content(backup), 200, "…")
	b.want("GET", "/data/export", "", 200, backup)
}

// Thousands of mistakes do not make thousands of headers.
func TestFewWarningsAreHeaders(t *testing.T) {
	b := start(t)
	streams := map[string]string{}
	for i := range 300 {
		streams[fmt.Sprint("s", i)] = "x"
	}
	text, err := json.Marshal(map[string]any{"streams": streams})
	if err != nil {
		t.Fatal(err)
	}
	h := b.want("POST", "/ruleset/import", content(string(text)), 200, "imported 0 streams, 0 tables and 0 rules")
	if w := h.Values("Warnings"); len(w) != 21 || w[20] != "and 280 more; the log has them" {
		t.Errorf("%d: %s", len(w), w[len(w)-1])
	}
}

func TestImportSaysWhatIsWrong(t *testing.T) {
	b := real(t)
	bad := `{"streams":{"x":"CREATE STREM"},"rules":{"r":"{"},"sourceConfig":{"mqtt":"{\"k1\":{\"sever\":1},\"k2\":{}}","rset":"{\"k\":{}}","edgex":"x"},
 "connectionConfig":{"mqtt":"{\"c1\":{}}"},"Schema":{"protobuf_a":"{\"type\":\"protobuf\",\"name\":\"a\"}"},"uploads":{"../x":"y"},"scripts":{"js":"x"},"nativePlugins":{"p":"x"}}`
	f := b.refused("POST", "/data/import?partial=1", content(bad), 400, 1000, "")
	var wrong map[string]map[string]string
	if err := json.Unmarshal([]byte(f["message"].(string)), &wrong); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"streams x": "STREM", "rules r": "is not JSON", "sourceConfig mqtt": `k1: configuration key k1 of source mqtt: unknown property "sever"; did you mean "server"?`,
		"sourceConfig rset": "unknown source type", "sourceConfig edgex": "it must be JSON such as", "connectionConfig mqtt": `c1: connection of type mqtt: property "server" is missing`,
		"Schema protobuf_a": "the schema is empty", "uploads ../x": "is no name of a file", "scripts js": "compiled in", "nativePlugins p": "compiled in",
	} {
		part, name, _ := strings.Cut(path, " ")
		if !strings.Contains(wrong[part][name], want) {
			t.Errorf("%s: %q, want %q", path, wrong[part][name], want)
		}
	}
	b.want("GET", "/metadata/sources/yaml/mqtt", "", 200, `{"k2":{}}`+"\n")
	var status map[string]map[string]string
	b.get("/data/import/status", &status)
	if diff := cmp.Diff(wrong, status); diff != "" {
		t.Error(diff)
	}
}

func TestImportEndsTheService(t *testing.T) {
	b := start(t)
	b.want("POST", "/data/import?stop=1", content(`{"streams":{}}`), 200, "…")
	<-b.Stopped
}

func BenchmarkImport(b *testing.B) {
	const rules = 8000
	set := map[string]map[string]string{"streams": {"demo": plainDemo}, "rules": {}}
	for i := range rules {
		id := fmt.Sprint("r", i)
		set["rules"][id] = fmt.Sprintf(`{"id":%q,"sql":"SELECT t FROM demo WHERE t > %d","actions":[{"memory":{"topic":"x"}}]}`, id, i)
	}
	text, err := json.Marshal(set)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := apitest.Start(b, b.TempDir(), "")
		b.StartTimer()
		status, answer, _ := s.Call(b, "POST", "/ruleset/import", content(string(text)))
		if status != 200 || answer != "imported 1 streams, 0 tables and 8000 rules" {
			b.Fatal(status, answer)
		}
		b.StopTimer()
		s.Close(b)
		b.StartTimer()
	}
}
