package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
)

// schemaBody is the body that adds a schema.
func schemaBody(t *testing.T, name, content string) string {
	t.Helper()
	b, err := json.Marshal(map[string]string{"name": name, "content": content})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const readingProto = `syntax = "proto3"; message Reading { int64 t = 1; string device = 2; } message Other { int32 x = 1; }`

// protobufRule reads and writes a message of the registry.
func protobufRule(b *bench) {
	b.t.Helper()
	b.want("POST", "/schemas/protobuf", schemaBody(b.t, "plant", readingProto), 201, "protobuf schema plant is created")
	b.want("POST", "/streams", sql(`CREATE STREAM s () WITH (TYPE="memory", DATASOURCE="d", FORMAT="protobuf", SCHEMAID="plant.Reading")`), 201, "Stream s is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT device, t + 1 AS t FROM s","actions":[{"memory":{"topic":"x","sendSingle":true,"format":"protobuf","schemaId":"plant.Reading"}}]}`, 201, "Rule r was created successfully.")
}

func TestProtobufInAndOut(t *testing.T) {
	b := start(t)
	protobufRule(b)
	b.want("GET", "/streams/s/schema", "", 200, `{"device":{"type":"string","index":0},"t":{"type":"bigint","index":0}}`+"\n")
	b.Send(t, "\x08\x05\x12\x01p")
	b.Want(t, "\x08\x06\x12\x01p")
}

// Where a schema is wrong, the answer says with line and column.
func TestBadSchema(t *testing.T) {
	b := start(t)
	wrong := "syntax = \"proto3\";\nmessage A {\n  strin a = 1;\n}\n"
	for _, f := range []map[string]any{
		b.refused("POST", "/schemas/protobuf", schemaBody(t, "s", wrong), 400, 1000, "schema s: line 3, column 3: "),
		b.refused("PUT", "/schemas/protobuf/s", schemaBody(t, "s", wrong), 400, 1000, "schema s: line 3, column 3: "),
	} {
		if f["line"] != 3.0 || f["column"] != 3.0 {
			t.Error(f)
		}
	}
	b.refused("POST", "/schemas/protobuf", schemaBody(t, "s", `syntax = "proto3"; import "none.proto";`), 400, 1000, "schema s: line 1, column 27: ")
	b.want("GET", "/schemas/protobuf", "", 200, "[]\n")
}

// What can never work is refused when the rule or stream is made.
func TestProtobufRefused(t *testing.T) {
	b := start(t)
	protobufRule(b)
	for stream, want := range map[string]string{
		`FORMAT="protobuf", SCHEMAID="plant.Readin"`: `schema plant has no message "Readin"; did you mean "Reading"?`,
		`FORMAT="protobuf", SCHEMAID="none.Reading"`: `schema "none" is not in the registry`,
		`FORMAT="protobuf"`:                          "format protobuf wants a schemaId",
		`FORMAT="json", SCHEMAID="plant.Reading"`:    "SCHEMAID names a message of format protobuf, and the format is json",
		`FORMAT="custom"`:                            `format "custom" is a plugin`,
	} {
		b.refused("POST", "/streams", sql(`CREATE STREAM x () WITH (TYPE="memory", DATASOURCE="d", `+stream+`)`), 400, 2201, want)
	}
	b.refused("POST", "/rules", `{"id":"x","sql":"SELECT devic FROM s","actions":[{"memory":{"topic":"x"}}]}`, 400, 2201, `message plant.Reading has no field "devic"; did you mean "device"?`)
	b.refused("POST", "/rules", `{"id":"x","sql":"SELECT t FROM s","actions":[{"memory":{"topic":"x","format":"protobuf","schemaId":"plant.Redding"}}]}`, 400, 2201, `did you mean "Reading"?`)
}

// A schema that is used cannot go, nor lose what is used of it, unless that is
// wanted.
func TestSchemaInUse(t *testing.T) {
	b := start(t)
	protobufRule(b)
	b.want("POST", "/schemas/protobuf", schemaBody(t, "parts", `syntax = "proto3"; message Pump { int32 x = 1; }`), 201, "protobuf schema parts is created")
	b.want("POST", "/schemas/protobuf", schemaBody(t, "line", `syntax = "proto3"; import "parts.proto"; message Line { Pump pump = 1; }`), 201, "protobuf schema line is created")
	b.want("POST", "/streams", sql(`CREATE STREAM l () WITH (TYPE="memory", DATASOURCE="d", FORMAT="protobuf", SCHEMAID="line.Line")`), 201, "Stream l is created.")

	b.refused("DELETE", "/schemas/protobuf/plant", "", 400, 1000, `stream s, rule r would lose message plant.Reading`)
	b.refused("DELETE", "/schemas/protobuf/parts", "", 400, 1000, `stream l would lose message line.Line`)
	b.refused("PUT", "/schemas/protobuf/plant", schemaBody(t, "plant", `syntax = "proto3"; message Reading2 {}`), 400, 1000, `did you mean "Reading2"?; change that first, or add ?force=true`)
	b.refused("PUT", "/schemas/protobuf/parts", schemaBody(t, "parts", `syntax = "proto3"; message Pumpe {}`), 400, 1000, `stream l would lose message line.Line: schema line: line 1, column 57: `)
	form, kind := multipartOf("file", "x.proto", `syntax = "proto3"; message Reading2 {}`)
	if status, text, _ := b.Call(t, "PUT", "/schemas/protobuf/plant/upload", form, "Content-Type", kind); status != 400 || !strings.Contains(text, "would lose") {
		t.Error(status, text)
	}

	b.want("PUT", "/schemas/protobuf/plant", schemaBody(t, "plant", strings.Replace(readingProto, "message Other { int32 x = 1; }", "", 1)), 200, "protobuf schema plant is updated")
	b.want("DELETE", "/schemas/protobuf/plant?force=true", "", 200, "protobuf schema plant is deleted")
	b.Send(t, "\x08\x05\x12\x01p")
	b.Want(t, "\x08\x06\x12\x01p") // who runs keeps what was there
	b.want("DELETE", "/rules/r", "", 200, "Rule r is dropped.")
	b.refused("POST", "/rules", `{"id":"r","sql":"SELECT t FROM s","actions":[{"memory":{"topic":"x"}}]}`, 400, 2201, `schema "plant" is not in the registry`)
}

// Streams and actions that run go over to what a schema says now.
func TestSchemaChanges(t *testing.T) {
	b := start(t)
	protobufRule(b)
	b.Send(t, "\x08\x05\x12\x01p")
	b.Want(t, "\x08\x06\x12\x01p")
	b.want("PUT", "/schemas/protobuf/plant", schemaBody(t, "plant", `syntax = "proto3"; message Reading { int64 t = 3; string device = 2; }`), 200, "protobuf schema plant is updated")
	b.Send(t, "\x18\x05\x12\x01p")
	b.Want(t, "\x12\x01p\x18\x06")
}

// Schemas of a bundle come in any order.
func TestImportOfSchemas(t *testing.T) {
	b := start(t)
	bundle := map[string]any{"Schema": map[string]string{}}
	for name, text := range map[string]string{
		"a": `syntax = "proto3"; import "b.proto"; message A { B x = 1; }`, "b": `syntax = "proto3"; import "c.proto"; message B { C x = 1; }`,
		"c": `syntax = "proto3"; message C {}`, "d": `syntax = "proto3"; message D { E x = 1; }`,
	} {
		entry, _ := json.Marshal(map[string]string{"type": "protobuf", "name": name, "content": text})
		bundle["Schema"].(map[string]string)["protobuf_"+name] = string(entry)
	}
	text, _ := json.Marshal(bundle)
	body, _ := json.Marshal(map[string]string{"content": string(text)})
	status, answer, _ := b.Call(t, "POST", "/data/import?partial=1", string(body))
	if status != 400 || !strings.Contains(answer, "protobuf_d") || !strings.Contains(answer, "line 1, column 32") || strings.Contains(answer, "protobuf_a") {
		t.Error(status, answer)
	}
	b.want("GET", "/schemas/protobuf", "", 200, `["a","b","c"]`+"\n")
}

// Schemas are there again after a restart.
func TestSchemasSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	b := &bench{apitest.Start(t, dir, ""), t}
	protobufRule(b)
	b.Close(t)
	b = &bench{apitest.Start(t, dir, ""), t}
	b.Send(t, "\x08\x05\x12\x01p")
	b.Want(t, "\x08\x06\x12\x01p")
}

// Rows that are given in place of messages are JSON, whatever the format of the
// stream is; their numbers are of the kind that messages have.
func TestTrialOfAProtobufStream(t *testing.T) {
	b := &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t}
	b.want("POST", "/schemas/protobuf", schemaBody(t, "plant", readingProto), 201, "protobuf schema plant is created")
	b.want("POST", "/streams", sql(`CREATE STREAM s () WITH (TYPE="test", DATASOURCE="d", FORMAT="protobuf", SCHEMAID="plant.Reading")`), 201, "Stream s is created.")
	b.want("POST", "/ruletest", `{"id":"t1","sql":"SELECT t / 2 AS half FROM s","mockSource":{"s":{"data":[{"t":5}],"interval":1}},"sinkProps":{"sendSingle":true}}`, 200, `{"id":"t1"…`)
	next := b.events("t1")
	b.want("POST", "/ruletest/t1/start", "", 200, "Test rule t1 was started")
	b.event(next, `{"half":2}`)
}
