package sqltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	demoStream = "-- streams --\nCREATE STREAM demo (a BIGINT) WITH (DATASOURCE=\"s\");\n"
	head       = demoStream + "-- query --\nSELECT a FROM demo\n"
)

// runText parses and runs a case that is called c.txtar.
func runText(text string) (*Case, error) {
	c, err := Parse("c.txtar", []byte(text))
	if err != nil {
		return nil, err
	}
	return c.Run()
}

func TestUnusable(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "c.txtar: a case has one section query, rule or statement, and this one has 0"},
		{"two subjects", head + "-- statement --\nSHOW STREAMS\n", "c.txtar: a case has one section query, rule or statement, and this one has 2"},
		{"misspelt section", head + "-- outptu --\n", `c.txtar:5: unknown section "outptu"; did you mean "output"?`},
		{"section twice", head + "-- query --\n", "c.txtar:5: a second section query"},

		{"bad statement", "-- streams --\n\nCREATE STREAM a () WITH (TYPE=\"x\");\nCREATE STREM b ();\n-- query --\nSELECT 1 FROM a\n",
			"c.txtar:4:8: expected STREAM or TABLE, found \"STREM\"\n | CREATE STREM b ();\n |        ^^^^^\n   Did you mean \"STREAM\"?"},
		{"no definition", "-- streams --\nSHOW STREAMS;\n-- query --\nSELECT 1 FROM a\n", "c.txtar:2: SHOW defines nothing; CREATE STREAM and CREATE TABLE do"},
		{"stream twice", demoStream + "CREATE STREAM demo () WITH (TYPE=\"x\");\n-- query --\nSELECT 1 FROM a\n", `c.txtar:3: stream "demo" is defined twice`},

		{"unknown option", head + "-- options --\n# a comment\nidleTimout 5s\n", `c.txtar:7: unknown option "idleTimout"; did you mean "idleTimeout"?`},
		{"bad start", head + "-- options --\nstart yesterday\n", `c.txtar:6: option start: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`},
		{"bad zone", head + "-- options --\nzone Mars/Base\n", "c.txtar:6: option zone: unknown time zone Mars/Base"},
		{"flag with a word", head + "-- options --\neventTime yes\n", `c.txtar:6: option eventTime: it stands alone, without "yes"`},
		{"bad duration", head + "-- options --\nlateTolerance -2s\n", `c.txtar:6: option lateTolerance: "-2s" is no duration such as 2s or 500ms`},
		{"bad window version", head + "-- options --\nwindowVersion v3\n", `c.txtar:6: option windowVersion: windowVersion is v1 or v2, not "v3"`},
		{"param without value", head + "-- options --\nparam limit\n", `c.txtar:6: option param: write param NAME VALUE; the value is JSON, such as 20 or "a"`},
		{"param of no JSON", head + "-- options --\nparam limit abc\n", "c.txtar:6: option param: limit: the value is no JSON: invalid character 'a' looking for beginning of value"},
		{"param of two values", head + "-- options --\nparam limit 1 2\n", "c.txtar:6: option param: limit: the value is no JSON: more than one JSON value"},
		{"param too large", head + "-- options --\nparam limit 1e999\n", `c.txtar:6: option param: limit: "1e999" is no number that FLOAT can hold`},
		{"prop without text", head + "-- options --\nprop site\n", "c.txtar:6: option prop: write prop NAME TEXT"},

		{"rule of no JSON", demoStream + "-- rule --\n{\"id\": \"r\",\n \"sql\" \"SELECT\"}\n", `c.txtar:5: invalid character '"' after object key`},
		{"rule of other types", demoStream + "-- rule --\n{\"id\": \"r\",\n \"sql\": 1}\n", "c.txtar:5: rule: json: cannot unmarshal number into Go struct field rule.SQL of type string"},
		{"rule without sql", demoStream + "-- rule --\n{\"id\": \"r\"}\n", "c.txtar:4: the rule has no sql"},
		{"rule with a bad time", demoStream + "-- rule --\n{\"sql\": \"SELECT a FROM demo\", \"options\": {\"lateTolerance\": \"soon\"}}\n",
			`c.txtar:4: rule: "soon" is no time: milliseconds or a text such as "10s" are wanted`},
		{"rule with a bad version", demoStream + "-- rule --\n{\"sql\": \"SELECT a FROM demo\", \"options\": {\"planOptimizeStrategy\": {\"windowOption\": {\"windowVersion\": \"v9\"}}}}\n",
			`c.txtar:4: rule: windowVersion is v1 or v2, not "v9"`},

		{"lookup of nothing", head + "-- lookup lines --\n", `c.txtar:5: unknown stream "lines"; there are ["demo"]`},
		{"lookup of a stream", head + "-- lookup demo --\n", `c.txtar:5: demo is no lookup table; it takes CREATE TABLE demo … WITH (…, KIND="lookup")`},
		{"lookup row", "-- streams --\nCREATE TABLE t () WITH (KIND=\"lookup\");\n-- query --\nSELECT 1 FROM t\n-- lookup t --\n{\"a\":1}\n[1]\n", "c.txtar:7: a row is an object, not array"},
		{"lookup JSON", "-- streams --\nCREATE TABLE t () WITH (KIND=\"lookup\");\n-- query --\nSELECT 1 FROM t\n-- lookup t --\n{\"a\":1\n", "c.txtar:6: the row is no JSON: unexpected EOF"},

		{"unknown stream", head + "-- input --\n\nx @1s {\"a\":1}\n", `c.txtar:7: unknown stream "x"; there are ["demo"]`},
		{"stream of another query", demoStream + "CREATE STREAM other () WITH (TYPE=\"mqtt\");\n-- query --\nSELECT a FROM demo\n-- input --\nother @1s {\"a\":1}\n", `c.txtar:7: the query does not read stream "other"`},
		{"no time", head + "-- input --\ndemo {\"a\":1}\n", `c.txtar:6: "{\"a\":1}" is no time since the start; write demo @1s …`},
		{"no row", head + "-- input --\ndemo @1s\n", `c.txtar:6: no row; write NAME @1s {"column":1}`},
		{"bad JSON", head + "-- input --\ndemo @1s {\"a\"}\n", "c.txtar:6: the row is no JSON at }: invalid character '}' after object key"},
		{"JSON ends", head + "-- input --\ndemo @1s {\"a\":1\n", "c.txtar:6: the row is no JSON: it ends too early: unexpected EOF"},
		{"bad metadata", head + "-- input --\ndemo @1s {\"a\":1} meta {\n", "c.txtar:6: the metadata are no JSON: unexpected EOF"},
		{"advance with a row", head + "-- input --\nadvance 1s {\"a\":1}\n", `c.txtar:6: advance takes a time alone, without "{\"a\":1}"`},
		{"advance backwards", head + "-- input --\nadvance 2s\nadvance 1s\n", "c.txtar:7: it is 2s already: lines stand in the order of their times"},
		{"row backwards", head + "-- input --\ndemo @2s {}\ndemo @1s {}\n", "c.txtar:7: it is 2s already: lines stand in the order of their times"},
		{"unknown parameter", head + "-- options --\nparam limit 1\n-- input --\nparam limt 2\n", `c.txtar:8: unknown parameter "limt"; did you mean "limit"?`},
		{"bad parameter", head + "-- input --\nparam limit\n", `c.txtar:6: write param NAME VALUE; the value is JSON, such as 20 or "a"`},

		{"no such file", "-- streams --\nfile no.sql\n-- query --\nSELECT a FROM demo\n", "c.txtar:2: open no.sql: no such file or directory"},
	} {
		_, err := runText(c.text)
		if err == nil {
			t.Errorf("%s: accepted", c.name)
		} else if err.Error() != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, err, c.want)
		}
	}
}

// TestFilesBesideTheCase: the sections that name a file, whose errors tell of
// that file.
func TestFilesBesideTheCase(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("demo.sql", "\ufeffCREATE STREAM demo () WITH (DATASOURCE=\"x\");\r\n")
	write("hot.json", `{"id":"hot","sql":"SELECT a, rule_id() AS r FROM demo","actions":[{"log":{}}],"options":{"sendNilField":true}}`)
	write("rows.txt", "# recorded\ndemo @1s {\"a\":1}\ndemo @2s {}\n")
	write("bad.txt", "demo @1s {\"a\":1}\ndemo @2s {\n")
	run := func(input string) (*Case, error) {
		c, err := Parse(filepath.Join(folder, "hot.txtar"), []byte("-- streams --\r\nfile demo.sql\r\n-- rule --\r\nfile  hot.json\r\n-- input --\r\nfile "+input+"\r\n-- output --\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		return c.Run()
	}
	got, err := run("rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	if want := "@1s [{\"a\":1,\"r\":\"hot\"}]\n@2s [{\"a\":null,\"r\":\"hot\"}]\n"; got.archive.text("output") != want {
		t.Errorf("got %s", got.archive.text("output"))
	}
	if !strings.Contains(got.Format(), "-- input --\nfile rows.txt\n") {
		t.Errorf("the file's name is gone:\n%s", got.Format())
	}
	if _, err := run("bad.txt"); err == nil || !strings.HasPrefix(err.Error(), filepath.Join(folder, "bad.txt")+":2: ") {
		t.Errorf("the error is %v", err)
	}
}

// TestRulesets: streams and rules from the files of a plant.
func TestRulesets(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"plant.json": `{"streams":{"demo":"CREATE STREAM demo () WITH (DATASOURCE=\"x\");"},"tables":{"t":"CREATE TABLE t () WITH (DATASOURCE=\"x\")"},
			"rules":{"a":"{\"id\":\"a\",\"sql\":\"SELECT a FROM demo\"}","b":"{\"id\":\"b\",\"sql\":\"SELECT b, rule_id() AS r FROM demo\"}"}}`,
		"list.json":   `[{"id":"a","sql":"SELECT a FROM demo"},{"id":"b","sql":"SELECT b, rule_id() AS r FROM demo"}]`,
		"bad.json":    `{"streams":{"demo":"CREATE STREAM demo (a BIGNT) WITH (DATASOURCE=\"x\");"},"rules":{"a":"{]"}}`,
		"broken.json": "{\"streams\":\n[}",
		"wrong.json":  `{"streams":["demo"]}`,
		"none.json":   `{"streams":{}}`,
		"words.json":  `["a"]`,
		"half.json":   `[`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ streams, rule, want string }{
		{"plant.json", "plant.json rule b", "@1s [{\"b\":2,\"r\":\"b\"}]\n"},
		{"plant.json", "list.json rule b", "@1s [{\"b\":2,\"r\":\"b\"}]\n"},
		{"plant.json", "plant.json", `plant.json:1: there are several rules; write file PATH rule ID with one of ["a" "b"]`},
		{"plant.json", "list.json rule bb", `list.json:1: unknown rule "bb"; did you mean "b"?`},
		{"plant.json", "bad.json rule a", "bad.json: a:1: rule: invalid character ']' looking for beginning of object key string"},
		{"plant.json", "none.json", "none.json:1: the ruleset has no rules"},
		{"plant.json", "words.json", "words.json:1: json: cannot unmarshal string into Go value of type struct { ID string }"},
		{"plant.json", "half.json", "half.json:1: unexpected end of JSON input"},
		{"bad.json", "list.json rule a", "bad.json: demo:1:23: expected a type, found \"BIGNT\"\n | CREATE STREAM demo (a BIGNT) WITH (DATASOURCE=\"x\");\n |                       ^^^^^\n   Did you mean \"BIGINT\"?"},
		{"broken.json", "list.json rule a", "broken.json:2: invalid character '}' looking for beginning of value"},
		{"wrong.json", "list.json rule a", "wrong.json:1: json: cannot unmarshal array into Go struct field ruleset.Streams of type map[string]string"},
	} {
		text := "-- streams --\nfile " + c.streams + "\n-- rule --\nfile " + c.rule + "\n-- input --\ndemo @1s {\"a\":1,\"b\":2}\n"
		parsed, err := Parse(filepath.Join(folder, "c.txtar"), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		out := ""
		got, err := parsed.Run()
		if err == nil {
			out = got.archive.text("output")
		} else {
			out = strings.ReplaceAll(err.Error(), folder+string(filepath.Separator), "")
		}
		if out != c.want {
			t.Errorf("%s, %s:\n got %s\nwant %s", c.streams, c.rule, out, c.want)
		}
	}
}
