package definition

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each definition of a file knows where it stands.
func TestPlaces(t *testing.T) {
	type want map[string]Place
	for _, c := range []struct {
		file, text string
		want       want
	}{
		{"a.sql", "-- its comment belongs to it\nCREATE STREAM s ()\n  WITH (TYPE=\"memory\"); CREATE TABLE t (a BIGINT) WITH (TYPE=\"memory\")", want{"s": {1, 1}, "t": {3, 25}}},
		{"a.json", `{"id":"r","sql":"SELECT 1","actions":[]}`, want{"r": {1, 1}}},
		{"a.json", "[{\"id\":\"r\"},\n  \"{\\\"id\\\":\\\"q\\\"}\"]", want{"r": {1, 2}, "q": {2, 3}}},
		{"a.json", "{\n \"é\": {}, \"rules\": {\"r\":\n  {\"sql\":\"x\"}, \"é\" : {\"sql\":\"y\"}}}", want{"r": {3, 3}, "é": {3, 22}}},
		{"a.yaml", "# rules\nrules:\n  r:\n    sql: x\n---\n- id: q\n", want{"r": {4, 5}, "q": {6, 3}}},
	} {
		set, err := Read(c.file, c.text)
		if err != nil {
			t.Fatal(err)
		}
		got := want{}
		for _, s := range set.Streams {
			got[s.Statement.Name] = s.Place
		}
		for _, r := range set.Rules {
			got[r.ID] = r.Place
		}
		for name, place := range c.want {
			if got[name] != place || len(got) != len(c.want) {
				t.Errorf("%s is at %v, want %v", name, got, c.want)
			}
		}
	}
}

func TestErrorsHavePlaces(t *testing.T) {
	for _, c := range []struct {
		file, text string
		at         Place
		message    string
	}{
		{"a.sql", "CREATE STREAM s () WITH (TYPE=\"memory\");\n\n  CREATE STRAM t ()", Place{3, 10}, `"STRAM"`},
		{"a.sql", "CREATE STREAM s (\n  a FOO) WITH (TYPE=\"memory\")", Place{2, 5}, "FOO"},
		{"a.sql", "CREATE STREAM s () WITH (TYPE=\"memory\")\n; DROP STREAM s", Place{2, 3}, "is no definition"},
		{"a.sql", "-- nothing", Place{1, 1}, "no stream and no rule"},
		{"a.json", "{\"rules\": {\n  \"r\": {},\n}}", Place{3, 1}, "not JSON"},
		{"a.json", `{"rules": {"r": {"sql"`, Place{1, 22}, "unexpected end"},
		{"a.json", "{\"rules\": {\n  \"r\": {\"id\": \"q\"}}}", Place{2, 8}, "rule r has the id q"},
		{"a.json", "{\"rules\": {},\n \"schemas\": {\"a\": 1}}", Place{2, 13}, "schemas cannot be applied"},
		{"a.json", "", Place{1, 1}, "neither SQL"},
		{"a.yaml", "rules:\n\tr: {}", Place{2, 1}, "cannot start any token"},
		{"a.yaml", "rules:\n  r: [1]", Place{2, 6}, "a rule must be a JSON object"},
	} {
		_, err := Read(c.file, c.text)
		var e *Error
		if !errors.As(err, &e) || e.Place != c.at || !strings.Contains(e.Message, c.message) {
			t.Errorf("%q: %+v, want %v %s", c.text, e, c.at, c.message)
		}
	}
}

// seeds are files that were written by people, and some that were not.
func seeds(f *testing.F) {
	for _, seed := range []struct{ file, text string }{
		{"a.sql", `CREATE STREAM s () WITH (TYPE="memory"); CREATE TABLE t (a BIGINT) WITH (TYPE="memory")`},
		{"a.json", `{"id":"r","sql":"SELECT 1","actions":[]}`},
		{"a.json", `[{"id":"r"},"{\"id\":\"q\"}"]`},
		{"a.json", `{"streams":{"s":"CREATE STREAM s () WITH (TYPE=\"x\")"},"tables":null,"rules":{"r":{"sql":"x"},"q":"{\"id\":\"q\"}"}}`},
		{"a.json", `{"rules":{"r":{"ID":"r"}},"sourceConfig":{}}`},
		{"a.yaml", "a: &a {id: r}\nrules: {r: *a}\n---\n- id: 2024-01-01\n"},
		{"a.yaml", "a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n"},
		{"a.yaml", "a: &a\n  b: *a\n"},
		{"-", "{\"rules\":{\"\":{}}}"},
		{"a.json", "{\"id\": \"\xff\"}"},
	} {
		f.Add(seed.file, seed.text)
	}
}

// FuzzRead: no file makes the reader panic, and what it reads is whole.
func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, file, text string) {
		set, err := Read(file, text)
		if err != nil {
			return
		}
		for _, st := range set.Streams {
			if st.Statement.Stream == nil || st.SQL == "" || st.Line < 1 || st.Column < 1 {
				t.Errorf("a stream without definition: %+v", st)
			}
		}
		for _, r := range set.Rules {
			if r.ID == "" || CheckJSON(r.Text) != nil || r.Line < 1 || r.Column < 1 {
				t.Errorf("rule %+v", r)
			}
		}
	})
}

// TestYAMLBombs: aliases of aliases end with an error, not without memory.
func TestYAMLBombs(t *testing.T) {
	text := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i, name := range strings.Split("a1 a2 a3 a4 a5 a6 a7 a8 a9", " ") {
		before := "*a" + string(rune('0'+i))
		text += name + ": &" + name + " [" + strings.Repeat(before+",", 9) + before + "]\n"
	}
	if documents, err := JSONOfYAML(text); err == nil {
		t.Errorf("%d documents and no error", len(documents))
	}
}

// The samples are read as they are.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("../../samples/boiler-alarm/*.*l")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file, string(text)); err != nil {
			t.Error(err)
		}
	}
}
