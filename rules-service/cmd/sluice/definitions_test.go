package main

import (
	"strings"
	"testing"
)

// FuzzDefinitions: no file makes the reader panic, and what it reads is whole.
func FuzzDefinitions(f *testing.F) {
	for _, seed := range []struct{ file, text string }{
		{"a.sql", `CREATE STREAM s () WITH (TYPE="memory"); CREATE TABLE t (a BIGINT) WITH (TYPE="memory")`},
		{"a.json", `{"id":"r","sql":"SELECT 1","actions":[]}`},
		{"a.json", `[{"id":"r"},"{\"id\":\"q\"}"]`},
		{"a.json", `{"streams":{"s":"CREATE STREAM s () WITH (TYPE=\"x\")"},"tables":null,"rules":{"r":{"sql":"x"},"q":"{\"id\":\"q\"}"}}`},
		{"a.json", `{"rules":{"r":{"ID":"r"}},"sourceConfig":{}}`},
		{"a.yaml", "a: &a {id: r}\nrules: {r: *a}\n---\n- id: 2024-01-01\n"},
		{"a.yaml", "a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n"},
		{"-", "{\"rules\":{\"\":{}}}"},
		{"a.json", "{\"id\": \"\xff\"}"},
	} {
		f.Add(seed.file, seed.text)
	}
	f.Fuzz(func(t *testing.T, file, text string) {
		var d definitions
		if err := d.add(file, text); err != nil {
			return
		}
		for _, st := range d.streams {
			if st.statement.Stream == nil || st.sql == "" {
				t.Errorf("a stream without definition: %q", st.sql)
			}
		}
		for _, r := range d.rules {
			if r.id == "" || checkJSON(r.text) != nil {
				t.Errorf("rule %q: %q", r.id, r.text)
			}
		}
		d.twice()
		d.places()
	})
}

// TestYAMLBombs: aliases of aliases end with an error, not without memory.
func TestYAMLBombs(t *testing.T) {
	text := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i, name := range strings.Split("a1 a2 a3 a4 a5 a6 a7 a8 a9", " ") {
		before := "*a" + string(rune('0'+i))
		text += name + ": &" + name + " [" + strings.Repeat(before+",", 9) + before + "]\n"
	}
	if documents, err := jsonOf(text); err == nil {
		t.Errorf("%d documents and no error", len(documents))
	}
}
