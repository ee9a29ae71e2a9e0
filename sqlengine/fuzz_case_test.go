package sqlengine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// fuzzCase is a query and what it is compiled against.
type fuzzCase struct {
	streams string // statements that create streams and tables
	sql     string
	options uint8 // bits of fuzzOptions
}

// fuzzOptions are options of a rule, as golden cases name them, each with its
// place among the bits of a case.
var fuzzOptions = []struct {
	word string
	set  func(*sqlengine.Options)
}{
	{"eventTime", func(o *sqlengine.Options) { o.EventTime = true }},
	{"windowVersion v2", func(o *sqlengine.Options) { o.SlidingVersion2 = true }},
	{"sendSlidingTwice", func(o *sqlengine.Options) { o.SendTwice = true }},
	{"sendNil", func(o *sqlengine.Options) { o.SendNil = true }},
	{"idleTimeout", func(o *sqlengine.Options) { o.IdleTimeout = 5 * time.Second }},
	{"lateTolerance", func(o *sqlengine.Options) { o.LateTolerance = 2 * time.Second }},
}

// paramNames are the parameters of each case.
var paramNames = []string{"limit", "device", "threshold", "x"}

func (c fuzzCase) compile() (*sqlengine.Query, streams, error) {
	cat := plant()
	for _, sql := range sqlengine.Statements(c.streams) {
		if st, err := sqlengine.ParseStatement(sql); err == nil && st.Stream != nil {
			cat[st.Name] = st.Stream
		}
	}
	options := sqlengine.Options{Params: map[string]value.Value{}}
	for i, o := range fuzzOptions {
		if c.options&(1<<i) != 0 {
			o.set(&options)
		}
	}
	for _, name := range paramNames {
		options.Params[name] = value.OfInt(2)
	}
	q, err := sqlengine.Compile(c.sql, cat, options)
	return q, cat, err
}

// plant has two streams, a scan table and a lookup table with columns of every
// kind, and a stream without a schema.
func plant() streams {
	cat := streams{"free": {Name: "free", Schemaless: true, Options: sqlengine.StreamOptions{Timestamp: "ts"}}}
	for _, name := range []string{"demo", "l", "r", "t", "k"} {
		s := &sqlengine.Stream{Name: name, Table: name == "t" || name == "k", Fields: []sqlengine.Field{
			{Name: "id", Kind: value.Int}, {Name: "temperature", Kind: value.Float}, {Name: "humidity", Kind: value.Float},
			{Name: "device", Kind: value.String}, {Name: "flag", Kind: value.Bool}, {Name: "at", Kind: value.Time},
			{Name: "tags", Kind: value.List, Elem: &sqlengine.Field{Kind: value.String}}, {Name: "o", Kind: value.Object},
		}}
		s.Options.Timestamp = "at"
		if s.Table {
			s.Options.Type, s.Options.Kind = "file", "scan"
		}
		if name == "k" {
			s.Options.Kind = "lookup"
		}
		cat[name] = s
	}
	return cat
}

// goldenCases are the queries and statements of the golden files.
func goldenCases(t testing.TB) []fuzzCase {
	names, err := filepath.Glob("sqltest/testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	var list []fuzzCase
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c := fuzzCase{streams: section(string(data), "streams"), sql: section(string(data), "query") + section(string(data), "statement")}
		options := section(string(data), "options")
		for i, o := range fuzzOptions {
			if strings.Contains("\n"+options, "\n"+o.word) {
				c.options |= 1 << i
			}
		}
		list = append(list, c)
	}
	return list
}

// section is the text of a section of a golden file.
func section(archive, name string) string {
	_, text, _ := strings.Cut("\n"+archive, "\n-- "+name+" --\n")
	text, _, _ = strings.Cut("\n"+text, "\n-- ")
	return strings.TrimPrefix(text, "\n")
}

var samples = []value.Value{
	value.OfInt(3), value.OfFloat(-2.5), value.OfString("a"), value.OfBool(true), value.Missing, {},
	value.OfList([]value.Value{value.OfInt(1), value.OfString("x")}), value.OfTime(5e9), value.OfBytes([]byte("raw")),
	value.OfObject(value.FieldsOf([]string{"x", "y"}, []value.Value{value.OfInt(1), value.OfList(nil)})),
	value.OfInt(1), value.OfInt(2), value.OfFloat(2), value.OfString("b"), value.OfBool(false),
}

// sample is the i-th value of a column: one of its kind, where that is known.
func sample(c value.Column, i int) value.Value {
	for n := range samples {
		v := samples[(i+n+len(c.Name))%len(samples)]
		if c.Kind == value.Null || v.IsNull() || v.Kind() == c.Kind {
			return v
		}
	}
	return value.Missing
}
