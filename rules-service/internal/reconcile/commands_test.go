package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/rules-service/internal/reconcile"
)

// commands is a file with commands: url, method and data of each.
func commands(list ...[3]string) string {
	var parts []string
	for _, c := range list {
		data := ""
		if c[2] != "" {
			data = `,"data":` + c[2]
		}
		parts = append(parts, fmt.Sprintf(`{"url":%q,"method":%q,"description":"x"%s}`, c[0], c[1], data))
	}
	return "{\"commands\":[\n" + strings.Join(parts, ",\n") + "]}"
}

func create(name string) string { return fmt.Sprintf(`{"sql":%q}`, stream(name)) }

// A file of kuiper-kubernetes-tool, again and again: what is there is replaced.
func TestCommands(t *testing.T) {
	b := start(t)
	b.set(reconcile.Options{Prune: true})
	b.call("POST", "/streams", create("demo"))
	file := func(condition string) string {
		return commands([3]string{"/streams", "post", create("demo")}, [3]string{"/tables", "POST", `{"sql":"CREATE TABLE t (a BIGINT) WITH (TYPE=\"memory\", FORMAT=\"json\", DATASOURCE=\"t\")"}`},
			[3]string{"/streams", "Post", create("second")},
			[3]string{"/rules", "post", ruleOn("r1", "demo", condition)}, [3]string{"/rules/r2", "PUT", ruleOn("r2", "second", "a > 1")},
			[3]string{"/rules/r1/stop", "post", ""}, [3]string{"/rules/r1", "get", "null"}, [3]string{"/rules/none", "delete", ""},
			[3]string{"/streams", "post", `{"sql":"DROP STREAM none"}`}, [3]string{"/streams/none", "DELETE", ""})
	}
	b.write("keep.sql", stream("keep"))
	b.write("c.json", file("a > 1"))
	b.look()
	b.want("c.json", reconcile.Applied, "")
	b.has("/rules/r1/status", `"stopped"`)
	b.write("c.json", file("a > 2"))
	b.look()
	b.want("c.json", reconcile.Applied, "")
	b.has("/rules/r1", "a > 2")
	f := b.file("c.json")
	if f.Kind != reconcile.Commands || strings.Join(f.Definitions, ", ") != "stream demo, table t, stream second, rule r1, rule r2" {
		t.Errorf("%+v", f)
	}
	b.write("c.json", commands([3]string{"/rules/r1", "delete", ""}))
	b.until("what it brought to be gone", func(*reconcile.Status) bool {
		return !b.exists("/rules/r2") && !b.exists("/streams/second") && !b.exists("/tables/t")
	})
	b.hasNot("/rules/r1")
	b.has("/streams/demo", "demo") // it was there before
}

// A file stops at its first failure, and is tried again from its first command.
func TestCommandsStopAtTheFirstFailure(t *testing.T) {
	b := start(t)
	b.write("c.json", commands([3]string{"/streams", "post", create("demo")}, [3]string{"/rules", "post", ruleOn("r1", "later", "a > 1")},
		[3]string{"/streams", "post", create("last")}))
	b.look()
	b.want("c.json", reconcile.Failed, `c.json:3:1: POST /rules: status 400: `)
	b.has("/streams/demo", "demo")
	b.hasNot("/streams/last")
	b.write("d.sql", stream("later"))
	b.look()
	b.want("c.json", reconcile.Applied, "")
	b.has("/rules/r1", "later")
	b.has("/streams/last", "last")
}

func TestBadCommands(t *testing.T) {
	b := start(t)
	for name, c := range map[string]struct{ text, want string }{
		"method.json": {commands([3]string{"/rules", "psot", "{}"}), `method.json:2:1: method "PSOT" is unknown; did you mean POST?`},
		"none.json":   {commands([3]string{"/rules", "", "{}"}), `there are get, post, put and delete`},
		"host.json":   {commands([3]string{"http://other:1/rules", "get", ""}), `must be a path of the rules API`},
		"host2.json":  {commands([3]string{"//other/rules", "get", ""}), `must be a path of the rules API`},
		"stop.json":   {commands([3]string{"/x/../stop/", "post", ""}), `/stop cannot be a command of a file`},
		"self.json":   {commands([3]string{"/Reconcile", "post", ""}), `cannot be a command of a file`},
		"batch.json":  {commands([3]string{"/batch/req", "post", `[]`}), `cannot be a command of a file`},
		"route.json":  {commands([3]string{"/rulez", "get", ""}), `GET /rulez: status 404: `},
		"list.json":   {`{"commands":{}}`, `list.json:1:13: commands must be a list such as`},
		"empty.json":  {`{"commands":[]}`, `no command is in it`},
		"yaml.yaml":   {"commands:\n  - url: /streams\n    method: post\n    data: {sql: CREATE STREAM}\n", `yaml.yaml:2:5: POST /streams: status 400: `},
		"gone.json":   {commands([3]string{"/rules/none/stop", "post", ""}), `status 404`},
	} {
		b.write(name, c.text)
		b.look()
		b.want(name, reconcile.Failed, c.want)
		b.remove(name)
	}
	if len(b.Stopped) > 0 {
		t.Error("the service was stopped")
	}
}

// Connections and schemas are replaced, too.
func TestCommandsReplaceConnectionsAndSchemas(t *testing.T) {
	b := &bench{startBuiltin(t), t, t.TempDir()}
	b.set(reconcile.Options{})
	for _, port := range []string{"1", "2"} {
		b.write("c.json", commands([3]string{"/connections", "post", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:` + port + `"}}`},
			[3]string{"/schemas/protobuf", "post", `{"name":"s1","content":"syntax = \"proto3\"; message M` + port + ` { string a = 1; }"}`}))
		b.look()
		b.want("c.json", reconcile.Applied, "")
		b.has("/connections/c1", "127.0.0.1:"+port)
		b.has("/schemas/protobuf/s1", "M"+port)
	}
	b.write("c.json", commands([3]string{"/connections/c1", "delete", ""}, [3]string{"/connections/c1", "delete", ""}, [3]string{"/schemas/protobuf/s1", "delete", ""},
		[3]string{"/schemas/protobuf/s1", "delete", ""}))
	b.look()
	b.want("c.json", reconcile.Applied, "")
}
