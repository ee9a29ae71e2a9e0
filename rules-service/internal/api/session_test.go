package api_test

import (
	"encoding/json"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"sluice/rules-service/internal/reconcile"
)

// contract checks answers against the OpenAPI document that the service gives.
type contract struct {
	*bench
	document map[string]any
	compiler *jsonschema.Compiler
	called   map[string]bool // "GET /rules 200"
}

const documentURL = "https://sluice.test/openapi.json"

func newContract(b *bench) *contract {
	c := &contract{bench: b, compiler: jsonschema.NewCompiler(), called: map[string]bool{}}
	_, text, _ := b.Call(b.t, "GET", "/openapi.json", "")
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	c.document = document.(map[string]any)
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	if err := c.compiler.AddResource(documentURL, document); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// call makes a request and checks its answer. The path is written with
// parameters as "/rules/{id=hot}".
func (c *contract) call(method, path, body string, status int, headers ...string) string {
	c.t.Helper()
	parameters := regexp.MustCompile(`\{(\w+)=([^}]*)\}`)
	template, _, _ := strings.Cut(parameters.ReplaceAllString(path, "{$1}"), "?")
	got, text, header := c.Call(c.t, method, parameters.ReplaceAllString(path, "$2"), body, headers...)
	name := fmt.Sprintf("%s %s %d", method, template, got)
	if got != status {
		c.t.Errorf("%s: want %d: %s", name, status, text)
		return text
	}
	c.called[name] = true
	pointer, response := c.response(template, strings.ToLower(method), fmt.Sprint(status))
	if response == nil {
		c.t.Errorf("%s is not described", name)
		return text
	}
	content, _ := response["content"].(map[string]any)
	if content == nil {
		if strings.TrimSpace(text) != "" {
			c.t.Errorf("%s: the document knows no body, but there is %q", name, text)
		}
		return text
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || content[media] == nil {
		c.t.Errorf("%s: Content-Type %q is not described", name, header.Get("Content-Type"))
		return text
	}
	c.check(name, pointer+"/content/"+escape(media)+"/schema", media, text)
	return text
}

// response finds the description of an answer; a reference is followed.
func (c *contract) response(path, method, status string) (pointer string, response map[string]any) {
	at := func(steps ...string) (string, map[string]any) {
		pointer, node := "#", c.document
		for _, s := range steps {
			pointer += "/" + escape(s)
			if node, _ = node[s].(map[string]any); node == nil {
				return pointer, nil
			}
		}
		return pointer, node
	}
	for _, key := range []string{status, "default"} {
		pointer, response = at("paths", path, method, "responses", key)
		if response == nil {
			continue
		}
		if ref, ok := response["$ref"].(string); ok {
			return at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		return pointer, response
	}
	return "", nil
}

func escape(step string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(step) }

func (c *contract) check(name, pointer, media, text string) {
	c.t.Helper()
	schema, err := c.compiler.Compile(documentURL + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer))
	if err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	var value any = text
	if media == "application/json" {
		if value, err = jsonschema.UnmarshalJSON(strings.NewReader(text)); err != nil {
			c.t.Errorf("%s: %v in %q", name, err, text)
			return
		}
	}
	if err := schema.Validate(value); err != nil {
		c.t.Errorf("%s: %v\nin %.500s", name, err, text)
	}
}

// The answers of a session are as the OpenAPI document says.
func TestAnswersAreAsDescribed(t *testing.T) {
	c := newContract(real(t))
	c.service()
	c.properties()
	c.definitions()
	c.rules()
	c.operations()
	c.files()
	c.folder()
	c.transfers()
	c.devices()
	c.extensions()
	c.call("GET", "/stop", "", 200)
	c.call("POST", "/stop", "", 200)
	<-c.Stopped
	c.complete()
}

// endless is a call whose answer comes piece by piece; the tests of trials make
// it.
const endless = "GET /test/{id}"

// complete fails when the session has left an operation out.
func (c *contract) complete() {
	made := map[string]bool{endless: true}
	for call := range c.called {
		made[call[:strings.LastIndexByte(call, ' ')]] = true
	}
	for path, item := range c.document["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			if name := strings.ToUpper(method) + " " + path; !made[name] {
				c.t.Errorf("%s was not called", name)
			}
		}
	}
}

// folder follows files of which one is right and one is not.
func (c *contract) folder() {
	dir := c.t.TempDir()
	for name, text := range map[string]string{"good.sql": `CREATE STREAM followed () WITH (TYPE="memory", DATASOURCE="x")`, "bad.json": `{"id":"bad","sql":"SELECT 1 FROM nowhere","actions":[{"nop":{}}]}`} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			c.t.Fatal(err)
		}
		if err := os.Chtimes(file, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			c.t.Fatal(err)
		}
	}
	c.call("GET", "/reconcile", "", 200)
	c.Files.SetOptions(reconcile.Options{Folder: dir, Interval: time.Minute})
	if text := c.call("POST", "/reconcile", "", 200); !strings.Contains(text, `"counts":{"applied":1,"failed":1,"pending":0}`) {
		c.t.Error(text)
	}
	if err := os.Remove(filepath.Join(dir, "good.sql")); err != nil {
		c.t.Fatal(err)
	}
	c.call("POST", "/reconcile", "", 200)
	c.Files.SetOptions(reconcile.Options{Folder: filepath.Join(dir, "away"), Interval: time.Minute})
	c.call("POST", "/reconcile", "", 200)
	c.call("GET", "/reconcile", "", 200)
	c.Files.SetOptions(reconcile.Options{Interval: time.Minute})
	c.call("DELETE", "/streams/{name=followed}", "", 200)
}

func (c *contract) service() {
	c.call("GET", "/", "", 200)
	c.call("POST", "/", "", 200)
	c.call("GET", "/ping", "", 200)
	c.call("GET", "/healthz", "", 200)
	c.call("GET", "/openapi.json", "", 200)
	var y map[string]any
	if err := yaml.Unmarshal([]byte(c.call("GET", "/openapi.yaml", "", 200)), &y); err != nil || y["openapi"] != "3.1.0" {
		c.t.Errorf("%v in YAML", err)
	}
	if text := c.call("POST", "/batch/req", `[{"method":"GET","path":"/streams","body":""},{"method":"GET","path":"/rules/zz"},{"method":"GET","path":"x"},{"method":"post","path":"/batch/req"},{"method":"GET","path":"/nowhere"}]`, 200); !strings.HasPrefix(text,
		`[{"code":200,"response":"[]"},{"code":404,"response":"{\"error\":1002,\"message\":\"rule zz is not found\"}"},{"code":400,"response":"","error":"path \"x\" must begin with /"},{"code":400,"response":"","error":"a batch in a batch is not possible"},{"code":404,`) {
		c.t.Error(text)
	}
	c.call("POST", "/batch/req", `{`, 400)
}

func (c *contract) properties() {
	c.call("POST", "/connections", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:1","password":"hush"}}`, 201)
	c.call("GET", "/connections", "", 200)
	c.call("GET", "/connections/{id=c1}", "", 200)
	c.call("GET", "/connections/{id=c2}", "", 400)
	c.call("PUT", "/connections/{id=c1}", `{"typ":"mqtt","props":{"server":"tcp://127.0.0.1:2"}}`, 200)
	c.call("DELETE", "/connections/{id=c2}", "", 200)
	c.call("PUT", "/metadata/{kind=sources}/{type=mqtt}/confKeys/{key=k1}", `{"server":"tcp://127.0.0.1:1","password":"hush"}`, 200)
	c.call("PUT", "/metadata/{kind=sources}/{type=mqtt}/confKeys/{key=k2}", `{"sever":""}`, 400)
	c.call("GET", "/metadata/{kind=sources}/yaml/{type=mqtt}", "", 200)
	c.call("GET", "/metadata/{kind=things}/yaml/{type=mqtt}", "", 404)
	c.call("GET", "/metadata/resources", "", 200)
	c.call("GET", "/metadata/resource?sourceType=mqtt", "", 200)
	c.call("POST", "/metadata/{kind=sources}/connection/{type=mqtt}", `{"server":"tcp://127.0.0.1:1"}`, 400)
	c.call("DELETE", "/metadata/{kind=sources}/{type=mqtt}/confKeys/{key=k3}", "", 400)
	for _, kind := range []string{"sources", "sinks", "connections"} {
		var list []struct{ Name string }
		if err := json.Unmarshal([]byte(c.call("GET", "/metadata/{kind="+kind+"}", "", 200)), &list); err != nil || len(list) == 0 {
			c.t.Errorf("%s: %v", kind, err)
		}
		for _, e := range list {
			c.call("GET", "/metadata/{kind="+kind+"}/{type="+e.Name+"}", "", 200)
		}
	}
	c.call("GET", "/metadata/{kind=sources}?kind=lookup", "", 200)
	c.call("GET", "/metadata/{kind=sinks}/{type=nope}", "", 400)
	c.call("GET", "/metadata/functions", "", 200)
	c.call("GET", "/metadata/operators", "", 200)
}

func (c *contract) definitions() {
	c.call("GET", "/streams", "", 200)
	c.call("POST", "/streams", sql(`CREATE STREAM plant (t FLOAT, o STRUCT(x BIGINT), l ARRAY(STRING)) WITH (DATASOURCE="plant", TYPE="mqtt", FORMAT="json", CONF_KEY="k1", EXTRA="{\"password\":\"hu\\\\sh\"}")`), 201)
	c.call("POST", "/streams", sql(`CREATE STREAM free () WITH (DATASOURCE="free", TYPE="test", FORMAT="json")`), 201)
	c.call("POST", "/streams", sql(`CREATE STREM`), 400)
	c.call("GET", "/streams", "", 200)
	c.call("GET", "/streamdetails", "", 200)
	c.call("GET", "/streams/{name=plant}", "", 200)
	c.call("GET", "/streams/{name=free}", "", 200)
	c.call("GET", "/streams/{name=nope}", "", 400)
	c.call("PUT", "/streams/{name=free}", sql(`CREATE STREAM free () WITH (DATASOURCE="other", TYPE="test", FORMAT="json")`), 200)
	c.call("GET", "/tables", "", 200)
	c.call("GET", "/tabledetails", "", 200)
	c.call("POST", "/tables", sql(`CREATE TABLE kept (a BIGINT) WITH (DATASOURCE="kept", TYPE="test", FORMAT="json")`), 201)
	c.call("PUT", "/tables/{name=kept}", sql(`CREATE TABLE kept (a BIGINT, b FLOAT) WITH (DATASOURCE="kept", TYPE="test", FORMAT="json")`), 200)
	c.call("GET", "/tables/{name=kept}", "", 200)
	c.call("GET", "/tables/{name=kept}/schema", "", 200)
	c.call("POST", "/rules", `{"id":"joined","sql":"SELECT free.a, kept.b FROM free INNER JOIN kept ON free.a = kept.a","actions":[{"test":{}}]}`, 201)
	c.call("GET", "/rules/{id=joined}/scantables", "", 200)
	c.call("GET", "/rules/{id=joined}/params", "", 200)
	c.call("PUT", "/rules/{id=joined}/params", `{"none":1}`, 400)
	c.call("PUT", "/rules/{id=joined}/params", `{}`, 200)
	c.call("DELETE", "/rules/{id=joined}", "", 200)
	c.call("DELETE", "/tables/{name=kept}", "", 200)
	c.call("POST", "/rules", `{"id":"r1","sql":"SELECT t FROM plant","actions":[{"rest":{"url":"http://u:hush@127.0.0.1:1/x","sendSingle":true}}]}`, 201)
	c.call("POST", "/rules", `{"id":"r2","triggered":false,"sql":"SELECT * FROM free","actions":[{"test":{}}]}`, 201)
	c.call("GET", "/streams/{name=plant}/schema", "", 200)
	if text := c.call("GET", "/streams/{name=free}/schema", "", 200); text != "null\n" {
		c.t.Error(text)
	}
	c.call("GET", "/rules", "", 200)
	c.call("GET", "/rules/{id=r1}", "", 200)
	c.call("GET", "/rules/{id=nope}", "", 404)
	c.call("DELETE", "/streams/{name=nope}", "", 404)
}

func (c *contract) rules() {
	c.call("GET", "/rules?limit=1&offset=1", "", 200)
	c.call("GET", "/rules/status/all", "", 200)
	c.call("GET", "/rules/usage/cpu", "", 200)
	c.call("POST", "/rules/validate", `{"id":"r3","sql":"SELECT t FROM plant","actions":[{"log":{}}]}`, 200)
	c.call("POST", "/rules/validate", `{"id":"r3","sql":"SELECT t FROM","actions":[{"log":{}}]}`, 422)
	c.call("POST", "/rules", `{"id":"r3","sql":"SELECT u FROM plant","actions":[{"log":{}}]}`, 400)
	c.call("PUT", "/rules/{id=r1}", `{"id":"r1","name":"first","sql":"SELECT t FROM plant WHERE t > 1","actions":[{"rest":{"url":"http://u:hush@127.0.0.1:1/x","sendSingle":true}}]}`, 200)
	for _, path := range []string{"/rules/{id=r1}/status", "/v2/rules/{id=r1}/status", "/rules/{id=r1}/topo", "/rules/{id=r1}/explain", "/rules/{id=r1}/schema"} {
		c.call("GET", path, "", 200)
		c.call("GET", strings.Replace(path, "=r1", "=none", 1), "", 404)
	}
	c.call("PUT", "/rules/{id=r1}/tags", `{"tags":["a","b"]}`, 200)
	c.call("PATCH", "/rules/{id=r1}/tags", `{"tags":["c"]}`, 200)
	c.call("DELETE", "/rules/{id=r1}/tags", `{"tags":["b"]}`, 200)
	c.call("GET", "/rules/tags/match?tag=a", "", 200)
	c.call("POST", "/rules/bulkstop", `{"tags":["a"]}`, 200)
	c.call("POST", "/rules/bulkstart", `{"tags":["a"]}`, 200)
	c.call("POST", "/rules/{id=r1}/stop", "", 200)
	c.call("POST", "/rules/{id=r1}/start", "", 200)
	c.call("POST", "/rules/{id=r1}/restart", "", 200)
	c.call("POST", "/rules/{id=none}/start", "", 404)
	c.call("PUT", "/rules/{id=r1}/reset_state", `{"type":2}`, 400)
	c.call("POST", "/rules/{id=r1}/trace/stop", "", 200)
	c.call("GET", "/trace/rule/{id=r1}", "", 200)
	c.call("GET", "/trace/{trace=none}", "", 404)
	c.call("POST", "/rules/{id=r1}/trace/start", `{"strategy":"always"}`, 400)
	c.call("POST", "/tracer", `{"action":"start"}`, 400)
	c.call("POST", "/rules/trial", `{"sql":"SELECT a FROM s","streams":{"s":"CREATE STREAM s () WITH (DATASOURCE=\"s\")"},"rows":{"s":[{"a":1}]}}`, 200)
	c.call("POST", "/ruletest", `{"id":"t1","sql":"SELECT * FROM free","mockSource":{"free":{"data":[{"a":1}],"interval":100,"loop":false}},"sinkProps":{"sendSingle":true}}`, 200)
	c.call("POST", "/ruletest/{id=t1}/start", "", 200)
	c.call("DELETE", "/ruletest/{id=t1}", "", 200)
	c.call("POST", "/apply", `{"rules":{"r4":{"id":"r4","sql":"SELECT * FROM free","actions":[{"log":{}}]}},"dryRun":true}`, 200)
	c.call("POST", "/apply", `{"rules":{"r4":{"id":"r4","sql":"SELECT * FROM nowhere","actions":[{"log":{}}]}}}`, 400)
	c.call("DELETE", "/rules/{id=r4}", "", 400)
}

func (c *contract) operations() {
	c.call("GET", "/readyz", "", 200)
	c.call("PATCH", "/configs", `{"timezone":"UTC"}`, 204)
	c.call("PATCH", "/configs", `{"timezone":"Nowhere/Land"}`, 400)
	c.call("GET", "/deadletters", "", 200)
	c.call("DELETE", "/deadletters", "", 200)
	c.call("POST", "/deadletters/replay", "", 200)
	c.call("GET", "/metrics", "", 200)
}

func (c *contract) files() {
	c.call("POST", "/config/uploads", `{"name":"a.txt","content":"hi"}`, 201)
	c.call("GET", "/config/uploads", "", 200)
	c.call("DELETE", "/config/uploads/{name=b.txt}", "", 400)
	c.call("POST", "/schemas/{type=protobuf}", `{"name":"s1","content":"syntax=\"proto3\"; message A { double x = 1; }","version":"1"}`, 201)
	c.call("GET", "/schemas/{type=protobuf}", "", 200)
	c.call("GET", "/schemas/{type=protobuf}/{name=s1}", "", 200)
	c.call("PUT", "/schemas/{type=protobuf}/{name=s1}", `{"content":"syntax=\"proto3\"; message B { double x = 1; }","version":"2"}`, 200)
	form, kind := multipartOf("file", "x.proto", `syntax = "proto3"; message C { double x = 1; }`)
	c.call("PUT", "/schemas/{type=protobuf}/{name=s2}/upload", form, 201, "Content-Type", kind)
	c.call("PUT", "/schemas/{type=protobuf}/{name=s2}/upload", form, 200, "Content-Type", kind)
	c.call("DELETE", "/schemas/{type=protobuf}/{name=s2}", "", 200)
	c.call("DELETE", "/schemas/{type=protobuf}/{name=s2}", "", 400)
}

func (c *contract) transfers() {
	for _, call := range []string{"POST /ruleset/export", "GET /ruleset/export", "GET /data/export", "GET /v2/data/export"} {
		method, path, _ := strings.Cut(call, " ")
		if text := c.call(method, path, "", 200); strings.Contains(text, "hush") || strings.Contains(text, `hu\`) {
			c.t.Errorf("%s tells a secret: %s", call, text)
		}
		if text := c.call(method, path+"?secrets=true", "", 200); strings.Count(text, "hush") == 0 {
			c.t.Errorf("%s?secrets=true tells no secret: %s", call, text)
		}
	}
	c.call("POST", "/data/export", `["r1"]`, 200)
	c.call("POST", "/ruleset/import", `{"content":"{\"streams\":{}}"}`, 200)
	c.call("POST", "/ruleset/import", `{}`, 400)
	c.call("POST", "/data/import?partial=1", `{"content":"{\"streams\":{}}"}`, 200)
	c.call("POST", "/data/import?partial=1", `{"content":"{\"streams\":{\"x\":\"y\"}}"}`, 400)
	c.call("GET", "/data/import/status", "", 200)
	c.call("POST", "/v2/data/import", `{"content":"streams: {}"}`, 200)
	var id struct{ ID string }
	if err := json.Unmarshal([]byte(c.call("POST", "/async/data/import?partial=1", `{"content":"{\"streams\":{}}"}`, 200)), &id); err != nil {
		c.t.Fatal(err)
	}
	c.call("GET", "/async/task/{id="+id.ID+"}", "", 200)
	c.call("POST", "/async/task/{id="+id.ID+"}/cancel", "", 200)
	c.call("GET", "/async/task/{id=none}", "", 400)
}

func (c *contract) extensions() {
	for _, path := range []string{"/plugins/sources", "/plugins/sinks", "/plugins/functions", "/plugins/portables", "/services", "/udf/javascript"} {
		c.call("GET", path, "", 200)
		c.call("POST", path, `{"name":"x","file":"http://x"}`, 400)
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			c.call(method, path+"/{name=x}", "", 404)
		}
	}
	c.call("GET", "/metrics/dump", "", 400)
	c.call("GET", "/metrics/dump/check", "", 200)
	c.call("GET", "/plugins/udfs", "", 200)
	c.call("GET", "/plugins/udfs/{name=x}", "", 404)
	c.call("GET", "/plugins/sinks/prebuild", "", 200)
	c.call("GET", "/plugins/functions/prebuild", "", 200)
	c.call("GET", "/services/functions", "", 200)
	c.call("GET", "/services/functions/{name=x}", "", 404)
	c.call("GET", "/plugins/sources/prebuild", "", 200)
	c.call("POST", "/plugins/functions/{name=x}/register", "", 404)
	c.call("GET", "/plugins/portables/{name=x}/status", "", 404)
}
