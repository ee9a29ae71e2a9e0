package sql

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// Whatever a name is, a statement has it as one name, or it is refused.
func FuzzQuoted(f *testing.F) {
	for _, name := range []string{"a", `a"b`, "a`b", `"; DROP TABLE x; --`, "\x00", "ü", `\`, ""} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, d := range []dialect{postgres{}, mariaDB{}, sqlite{}} {
			text, err := quoted(d, name)
			if err != nil {
				continue
			}
			m := d.mark()
			inner := strings.TrimSuffix(strings.TrimPrefix(text, m), m)
			if len(text) != len(inner)+2 || strings.ReplaceAll(inner, m+m, "") != strings.ReplaceAll(name, m, "") || strings.Count(inner, m) != 2*strings.Count(name, m) || strings.ContainsRune(text, 0) {
				t.Errorf("%q is quoted as %s", name, text)
			}
		}
	})
}

// A dburl is an address or an error, which does not repeat the password.
func FuzzAddress(f *testing.F) {
	for _, url := range []string{"postgres://u:hunter2@h:5432/d", "mysql://u:hunter2@h/d?tls=true", "sqlite:a.db", "file:/a/b?x", "pg://:hunter2@[::1]/d", "mysql://u:hunter2@h:port/d", ":", "sqlite3://"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		s := Server{URL: url, Timeout: 1}
		a, err := s.address()
		if err != nil {
			if strings.Contains(err.Error(), "hunter2") && strings.Contains(url, ":hunter2@") && !strings.Contains(url, "?") {
				t.Errorf("%v", err)
			}
			return
		}
		if a.dialect == nil || a.database == "" {
			t.Errorf("%q: %+v", url, a)
		}
	})
}

// Statements of templates have as many parameters as placeholders, and no
// marks.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"SELECT {{.a}}", "'{{.a}}' {{.b}}", "{{if .a}}{{.b}}{{end}}", "{{range .}}{{.}}{{end}}", "{{define \"x\"}}{{template \"x\"}}{{end}}{{template \"x\"}}", "{{printf \"%q\" .a}}", "{{slice .a 1}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := &TemplateQuery{}
		c.SQL = "SELECT 1"
		c.Many = []Index{{Field: "a", Value: 1}, {Field: "b", Value: "x"}}
		if len(text) > 200 || strings.Count(text, "{{") > 10 { // the engine of templates is not what is tested
			return
		}
		if c.SQL += " "; !strings.Contains(text, "template") && !strings.Contains(text, "block") {
			c.SQL += connector.Template(text)
		}
		q, err := newTemplateQuery(postgres{}, c)
		if err != nil {
			return
		}
		st, err := q.behind([]value.Value{value.OfInt(7), value.OfString("' OR 1=1")})
		if err != nil {
			return
		}
		if strings.Contains(st.text, mark) || strings.Contains(st.text, "' OR 1=1") && !strings.Contains(text, "' OR 1=1") {
			t.Errorf("%q becomes %q", text, st.text)
		}
	})
}

// A position is read as it was written; what is none is an error.
func FuzzPosition(f *testing.F) {
	f.Add([]byte{}, int64(1), "x", 1.5)
	f.Add(encodePosition([]value.Value{value.OfInt(1), value.OfString("a"), value.OfFloat(1)}), int64(-5), "", math.Inf(1))
	f.Fuzz(func(t *testing.T, raw []byte, i int64, s string, x float64) {
		_, _ = decodePosition(raw, 3)
		at := []value.Value{value.OfInt(i), value.OfString(s), value.OfFloat(x)}
		got, err := decodePosition(encodePosition(at), 3)
		if err != nil || !bytes.Equal(encodePosition(got), encodePosition(at)) {
			t.Errorf("%v becomes %v: %v", at, got, err)
		}
		if _, err := decodePosition(encodePosition(at), 2); err == nil {
			t.Error("three values are read as two")
		}
	})
}

// Forms of times are those of existing rules.
func TestLayouts(t *testing.T) {
	for form, want := range map[string]string{
		"YYYY-MM-dd HH:mm:ss": "2006-01-02 15:04:05", "yyyy/MM/dd": "2006/01/02", "YYYY-MM-ddTHH:mm:ss.SSSZZ": "2006-01-02T15:04:05.000-07:00", "HH:mm": "15:04",
	} {
		if got := layoutOf(form); got != want {
			t.Errorf("%s becomes %s, want %s", form, got, want)
		}
	}
}

// One index may stand beside the table, as in older definitions, and has its
// time in a form of its own.
func TestOneIndex(t *testing.T) {
	info, err := registry().Source("sql")
	if err != nil {
		t.Fatal(err)
	}
	one := map[string]any{"table": "a.b", "limit": 1, "indexField": "at", "indexValue": "2022-04-21 10:23:55", "indexFieldType": "DATETIME", "dateTimeFormat": "YYYY-MM-dd HH:mm:ss"}
	if _, err := info.Decode(map[string]any{"dburl": "mysql://u@h/d", "internalSqlQueryCfg": one}, connector.Env{}); err != nil {
		t.Fatal(err)
	}
	c := &InternalQuery{Table: "a.b", Limit: 1}
	c.Index = Index{Field: "at", Value: one["indexValue"], Type: "DATETIME", Format: "YYYY-MM-dd HH:mm:ss"}
	q, err := newTableQuery(postgres{}, c)
	if err != nil {
		t.Fatal(err)
	}
	st, err := q.behind(q.start)
	want := `SELECT *, "at"::text AS sluice_index_0 FROM "a"."b" WHERE "at" > $1 ORDER BY "at" LIMIT 1`
	if err != nil || st.text != want || len(st.args) != 1 || st.args[0] != "2022-04-21T10:23:55Z" {
		t.Errorf("%v %v", st, err)
	}
}

// Many rows go into few statements of few lengths.
func TestStatements(t *testing.T) {
	var list []change
	for i := range 1000 {
		list = append(list, change{kind: insert, table: "t", columns: []string{"a", "b"}, values: []value.Value{value.OfInt(int64(i)), value.OfInt(1)}})
	}
	w := writer{dialect: postgres{}}
	sizes := func(n int) (got []int) {
		w.begin()
		for rest := list[:n]; len(rest) > 0; {
			st, part, err := w.next(rest)
			if err != nil || len(st.args) != 2*part {
				t.Fatal(len(st.args), part, err)
			}
			got, rest = append(got, part), rest[part:]
		}
		return got
	}
	parts := []int{512, 256, 128, 64, 32, 8}
	for i, want := range [][]int{parts, {1000}, {1000}} {
		if got := sizes(1000); !slices.Equal(got, want) {
			t.Errorf("round %d: %v", i, got)
		}
	}
	if got := sizes(3); !slices.Equal(got, []int{2, 1}) {
		t.Error(got)
	}
	w.begin()
	if _, n, err := w.next(list); err != nil || n != 512 { // and then it fails
		t.Error(n, err)
	}
	if got := sizes(1000); !slices.Equal(got, []int{1000}) {
		t.Error(got)
	}
}
