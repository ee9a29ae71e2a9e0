package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// No answer has a secret in it that nobody asked for.
func TestNoAnswerShowsSecrets(t *testing.T) {
	const secret = "hush-hush"
	b := real(t)
	b.want("POST", "/connections", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://u:`+secret+`@127.0.0.1:1","password":"`+secret+`"}}`, 201, "success")
	b.want("PUT", "/metadata/sources/mqtt/confKeys/k1", `{"server":"tcp://127.0.0.1:1","password":"`+secret+`"}`, 200, "")
	b.want("PUT", "/metadata/sinks/rest/confKeys/k1", `{"url":"http://u:`+secret+`@127.0.0.1:1","headers":{"X-Api-Key":"`+secret+`"},"bearer":"`+secret+`"}`, 200, "")
	extra := fmt.Sprintf(`{\"server\":\"tcp://u:%s@127.0.0.1:1\",\"password\":\"%s\"}`, secret, secret)
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="mqtt", FORMAT="json", EXTRA="`+extra+`")`), 201, "Stream plant is created.")
	b.want("POST", "/rules", `{"id":"r1","tags":["x"],"sql":"SELECT * FROM plant","actions":[`+broker(1, "x", secret)+`,{"mqtt":{"connectionSelector":"c1","topic":"x"}},{"rest":{"resourceId":"k1"}}]}`, 201, "Rule r1 was created successfully.")

	check := func(call, text string) {
		t.Helper()
		if strings.Contains(text, secret) {
			t.Errorf("%s shows it: %s", call, text)
		}
	}
	var document struct {
		Paths map[string]map[string]any
	}
	b.get("/openapi.json", &document)
	names := strings.NewReplacer("{id}", "r1", "{name}", "plant", "{kind}", "sources", "{type}", "mqtt", "{key}", "k1", "{trace}", "x")
	asked := 0
	for path, operations := range document.Paths {
		if _, ok := operations["get"]; !ok || path == "/stop" {
			continue
		}
		_, text, _ := b.Call(t, "GET", names.Replace(path), "")
		check("GET "+path, text)
		asked++
	}
	if asked < 40 {
		t.Errorf("%d calls", asked)
	}
	for _, call := range []struct{ path, body string }{
		{"/streams", sql("DESCRIBE STREAM plant")}, {"/streams", sql("EXPLAIN STREAM plant")}, {"/streams", sql("SHOW STREAMS")},
		{"/ruleset/export", ""}, {"/data/export", `["r1"]`},
		{"/connections", `{"id":"c2","typ":"mqtt","props":{"server":"tcp://u:` + secret + `@[x","password":"` + secret + `"}}`},
		{"/connections", `{"id":"c2","typ":"mqtt","props":{"server":"tcp://127.0.0.1:1","password":{"a":"` + secret + `"}}}`},
		{"/metadata/connections/connection/mqtt?key=c1", `{"server":"tcp://127.0.0.1:1","password":"<secret>"}`},
		{"/metadata/sinks/connection/rest", `{"url":"http://u:` + secret + `@127.0.0.1:1"}`},
		{"/rules/validate", `{"id":"x","sql":"SELECT * FROM plant","actions":[{"rest":{"url":"http://u:` + secret + `@[x"}}]}`},
		{"/streams", sql(`CREATE STREAM y () WITH (DATASOURCE="p", TYPE="mqtt", FORMAT="json", EXTRA="{\"password\":\"` + secret + `\"")`)},
	} {
		_, text, _ := b.Call(t, "POST", call.path, call.body)
		check("POST "+call.path, text)
	}
	for _, path := range []string{"/connections/c1", "/metadata/sinks/yaml/rest", "/metadata/connections/yaml/mqtt", "/metadata/resource?sinkType=rest"} {
		_, text, _ := b.Call(t, "GET", path, "")
		check("GET "+path, text)
		if !json.Valid([]byte(text)) || !strings.Contains(text, "<secret>") {
			t.Errorf("GET %s: %s", path, text)
		}
	}
}
