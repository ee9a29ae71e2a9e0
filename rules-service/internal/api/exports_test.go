package api_test

import (
	"strings"
	"testing"
)

// Both forms are as eKuiper writes them.
func TestExportsOfEKuiper(t *testing.T) {
	const yamlForm = `sourceConfig:
    sources.mqtt.k1:
        server: tcp://127.0.0.1:1
schema:
    protobuf_s1:
        type: protobuf
        name: s1
        content: message A {}
uploads:
    a.txt:
        name: a.txt
        content: hi
streams:
    demo:
        sql: CREATE STREAM demo (a BIGINT) WITH (DATASOURCE="p", TYPE="mqtt", FORMAT="json", CONF_KEY="k1")
rules:
    drawn:
        triggered: false
        id: drawn
        graph:
            nodes:
                in:
                    type: source
                    nodeType: mqtt
                    props:
                        sourceName: demo
                        sourceType: stream
                    ui: {}
                out:
                    type: sink
                    nodeType: log
                    props: {}
                    ui: {}
            topo:
                sources:
                    - in
                edges:
                    in:
                        - out
`
	b := real(t)
	b.want("POST", "/v2/data/import", content(yamlForm), 200, "success")
	_, text, _ := b.Call(t, "GET", "/v2/data/export", "")
	for _, part := range []string{"schema:\n    protobuf_s1:\n", "uploads:\n    a.txt:\n        content: hi\n        name: a.txt\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	all := exported(b, "GET", "/data/export", "")
	if got, want := all["uploads"]["a.txt"], `{"name":"a.txt","content":"hi"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.want("POST", "/data/import?partial=1", content(`{"uploads":{"a.txt":`+quote(`{"name":"a.txt","content":"new"}`)+`}}`), 200, "…")
	if got, want := exported(b, "GET", "/data/export", "")["uploads"]["a.txt"], `{"name":"a.txt","content":"new"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.refused("POST", "/data/import?partial=1", content(`{"uploads":{"a.txt":"bare"}}`), 400, 1000, `it must be JSON such as`)
	b.want("GET", "/schemas/protobuf", "", 200, `["s1"]`+"\n")
	b.want("GET", "/rules", "", 200, `[{"id":"drawn",…`)
}
