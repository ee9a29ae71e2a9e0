package api_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
)

// multipartOf is a form with one file.
func multipartOf(part, name, text string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	p, err := w.CreateFormFile(part, name)
	if err != nil {
		panic(err)
	}
	if _, err := p.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestUploads(t *testing.T) {
	dir := t.TempDir()
	b := &bench{apitest.StartBuiltin(t, dir, ""), t}
	path := filepath.Join(dir, "uploads", "a.txt")
	b.want("GET", "/config/uploads", "", 200, "[]\n")
	b.want("POST", "/config/uploads", `{"name":"a.txt","content":"hi"}`, 201, path)
	b.want("POST", "/config/uploads", `{"name":"copy.txt","file":"file://`+path+`"}`, 201, filepath.Join(dir, "uploads", "copy.txt"))
	form, kind := multipartOf("uploadFile", "b.bin", "\x00\xff")
	if status, text, _ := b.Call(t, "POST", "/config/uploads", form, "Content-Type", kind); status != 201 || !strings.HasSuffix(text, "b.bin") {
		t.Errorf("%d %s", status, text)
	}
	for name, want := range map[string]string{"a.txt": "hi", "copy.txt": "hi", "b.bin": "\x00\xff"} {
		if data, err := os.ReadFile(filepath.Join(dir, "uploads", name)); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	var list []string
	if b.get("/config/uploads", &list); len(list) != 3 || list[0] != path {
		t.Errorf("%v", list)
	}
	b.want("DELETE", "/config/uploads/a.txt", "", 200, "ok")
	b.refused("DELETE", "/config/uploads/a.txt", "", 400, 1000, "upload a.txt is not found")
	form, kind = multipartOf("file", "b.bin", "")
	if status, text, _ := b.Call(t, "POST", "/config/uploads", form, "Content-Type", kind); status != 400 || !strings.Contains(text, "as part uploadFile") {
		t.Errorf("%d %s", status, text)
	}
}

// No name leads out of the folder, and no link does.
func TestUploadsStayInTheirFolder(t *testing.T) {
	dir := t.TempDir()
	b := &bench{apitest.StartBuiltin(t, dir, ""), t}
	for _, name := range []string{"", ".", "..", "../x", "/etc/x", `..\x`, "a/b", "a\x00b"} {
		body, err := json.Marshal(map[string]string{"name": name, "content": "x"})
		if err != nil {
			t.Fatal(err)
		}
		status, text, _ := b.Call(t, "POST", "/config/uploads", string(body))
		if status != 400 {
			t.Errorf("%q: %d %s", name, status, text)
		}
	}
	b.want("POST", "/config/uploads", `{"name":"a.txt","content":"x"}`, 201, "…")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "uploads", "link")); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"file:///etc/passwd", "/etc/passwd", "link", "../sluice.db", filepath.Join(dir, "uploads", "..", "sluice.db"), "http://127.0.0.1:1/x"} {
		body, err := json.Marshal(map[string]string{"name": "stolen", "file": file})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/config/uploads", "/ruleset/import", "/data/import", "/v2/data/import"} {
			if status, text, _ := b.Call(t, "POST", path, string(body)); status != 400 || strings.Contains(text, "root:") {
				t.Errorf("%s to %s: %d %s", file, path, status, text)
			}
		}
	}
	b.refused("DELETE", "/config/uploads/..%2Fsluice.db", "", 400, 1000, "is no name of a file")
	if _, err := os.Stat(filepath.Join(dir, "sluice.db")); err != nil {
		t.Error(err)
	}
}

func TestSchemas(t *testing.T) {
	dir := t.TempDir()
	b := &bench{apitest.StartBuiltin(t, dir, ""), t}
	text := `message A { optional double x = 1; }`
	b.want("POST", "/schemas/protobuf", `{"name":"s1","content":"`+text+`","version":"1"}`, 201, "protobuf schema s1 is created")
	b.refused("POST", "/schemas/protobuf", `{"name":"s1","content":"`+text+`"}`, 400, 1000, "already registered")
	b.want("GET", "/schemas/protobuf", "", 200, `["s1"]`+"\n")
	b.want("GET", "/schemas/protobuf/s1", "", 200, `{"type":"protobuf","name":"s1","content":"`+text+`","file":"`+filepath.Join(dir, "schemas/protobuf/s1.proto")+`","version":"1"}`+"\n")
	b.refused("PUT", "/schemas/protobuf/s1", `{"name":"s1","content":"`+text+`","version":"0"}`, 400, 1000, "schema protobuf.s1 already registered with a newer version 1")
	b.want("PUT", "/schemas/protobuf/s4", `{"content":"`+text+`"}`, 200, "protobuf schema s4 is updated")
	b.refused("GET", "/schemas/protobuf/s2", "", 400, 1000, "schema type protobuf id s2 not found in registry")
	b.refused("GET", "/schemas/foo", "", 400, 1000, "schema type foo not found")
	b.want("GET", "/schemas/custom", "", 200, "[]\n")
	b.refused("POST", "/schemas/custom", `{"name":"s1","content":"x"}`, 400, 1000, "formats are compiled in")
	b.refused("POST", "/schemas/protobuf", `{"name":"s5","content":"x","soFile":"y"}`, 400, 1000, "soFile is a compiled plugin")
	b.refused("POST", "/schemas/protobuf", `{"name":"s5"}`, 400, 1000, "neither")
	b.refused("POST", "/schemas/protobuf", `{"name":"s5","content":" "}`, 400, 1000, "the schema is empty")
	b.refused("POST", "/schemas/protobuf", `{"name":"../s5","content":"x"}`, 400, 1000, `"../s5" is no name`)
	b.want("DELETE", "/schemas/protobuf/s1", "", 200, "protobuf schema s1 is deleted")
	b.refused("DELETE", "/schemas/protobuf/s1", "", 400, 1000, "delete protobuf schema s1 error: schema protobuf.s1 not found")
	b.want("GET", "/schemas/protobuf", "", 200, `["s4"]`+"\n")
}

func TestUploadsAreBounded(t *testing.T) {
	b := real(t)
	b.refused("POST", "/config/uploads", `{"name":"a","content":"`+strings.Repeat("x", 64<<20)+`"}`, 413, 1000, "larger than 67108864 bytes")
	form, kind := multipartOf("uploadFile", "b.bin", strings.Repeat("x", 64<<20))
	if status, text, _ := b.Call(t, "POST", "/config/uploads", form, "Content-Type", kind); status != 413 {
		t.Errorf("%d %.200s", status, text)
	}
	b.want("GET", "/config/uploads", "", 200, "[]\n")
}
