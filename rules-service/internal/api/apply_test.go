package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/rules-service/internal/rule"
)

const demoSQL = `CREATE STREAM demo () WITH (TYPE="memory", DATASOURCE="d", FORMAT="json", SHARED="true")`

// set is the body of POST /apply.
type set struct {
	Streams map[string]string `json:"streams,omitempty"`
	Tables  map[string]string `json:"tables,omitempty"`
	Rules   map[string]any    `json:"rules,omitempty"`
	Prune   bool              `json:"prune,omitempty"`
	DryRun  bool              `json:"dryRun,omitempty"`
}

func (s set) json(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// applied makes the call and returns what was done, as "create rule hot".
func (b *bench) applied(s set) []string {
	b.t.Helper()
	status, text, _ := b.Call(b.t, "POST", "/apply", s.json(b.t))
	var answer struct{ Changes []rule.Change }
	if err := json.Unmarshal([]byte(text), &answer); status != 200 || err != nil {
		b.t.Fatalf("%d %s", status, text)
	}
	var list []string
	for _, c := range answer.Changes {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.Action, c.Kind, c.Name, strings.Join(c.Warnings, "; "))))
	}
	return list
}

func (b *bench) same(got, want any) {
	b.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Error(diff)
	}
}

func TestApply(t *testing.T) {
	noLeak(t)
	b := start(t)
	s := set{Streams: map[string]string{"demo": demoSQL}, Rules: map[string]any{"hot": json.RawMessage(hot), "cool": `{"id":"cool","sgl":1,"sql":"SELECT t FROM demo WHERE t < 10","actions":[{"memory":{"sendSingle":true}}]}`}}
	created := []string{"create stream demo", `create rule cool sgl is unknown and has no effect; did you mean "sql"?`, "create rule hot"}
	s.DryRun = true
	b.same(b.applied(s), created)
	b.want("GET", "/streams", "", 200, "[]\n")
	b.want("GET", "/rules", "", 200, "[]\n")
	s.DryRun = false
	b.same(b.applied(s), created)
	b.Send(t, `{"t":81}`)
	b.Want(t, `{"t":81}`)
	b.Send(t, `{"t":5}`)
	b.Want(t, `{"t":5}`)
	b.want("GET", "/rules/hot", "", 200, hot)

	// The same again, with other blanks: nothing is disturbed.
	_, before, _ := b.Call(t, "GET", "/rules/hot/status", "")
	s.Rules["hot"] = strings.ReplaceAll(hot, ",", " ,\n ")
	s.Streams["demo"] += "\n"
	b.same(b.applied(s), []string{"unchanged stream demo", "unchanged rule cool", "unchanged rule hot"})
	if _, after, _ := b.Call(t, "GET", "/rules/hot/status", ""); started(t, before) != started(t, after) {
		t.Error("an equal rule was started again")
	}

	// One changes, one goes, one is stopped.
	delete(s.Rules, "cool")
	s.Rules["hot"] = strings.Replace(hot, "80", "60", 1)
	s.Rules["idle"] = json.RawMessage(`{"id":"idle","triggered":false,"sql":"SELECT t FROM demo","actions":[{"memory":{}}]}`)
	s.Prune = true
	b.same(b.applied(s), []string{"unchanged stream demo", "delete rule cool", "update rule hot", "create rule idle"})
	b.Send(t, `{"t":70}`, `{"t":5}`)
	b.Want(t, `{"t":70}`)
	b.WantNothing(t)
	b.want("GET", "/rules/status/all", "", 200, `{"hot":{"status":"running","last_exception":"","exceptions_total":0},"idle":{"status":"stopped","last_exception":"","exceptions_total":0}}`+"\n")

	// All goes.
	b.same(b.applied(set{Prune: true}), []string{"delete stream demo", "delete rule hot", "delete rule idle"})
	b.want("GET", "/streams", "", 200, "[]\n")
	b.want("GET", "/rules", "", 200, "[]\n")
}

// A stream that changes takes the rules that read it along, those of the set
// and others.
func TestApplyAStreamOfRules(t *testing.T) {
	b := withDemo(t)
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	typed := strings.Replace(demoSQL, "()", "(t BIGINT)", 1)
	b.same(b.applied(set{Streams: map[string]string{"demo": typed}}), []string{"update stream demo"})
	b.Send(t, `{"t":80.5}`, `{"t":81}`)
	b.Want(t, `{"t":81}`)
	other := strings.Replace(demoSQL, "()", "(u BIGINT)", 1)
	f := b.refused("POST", "/apply", set{Streams: map[string]string{"demo": other}}.json(t), 400, 1000, "it reads a stream that changes: unknown column")
	b.same(len(f["findings"].([]any)), 2)
	moved := strings.ReplaceAll(hot, `SELECT t FROM demo WHERE t`, `SELECT u FROM demo WHERE u`)
	b.same(b.applied(set{Streams: map[string]string{"demo": other}, Rules: map[string]any{"hot": moved}}), []string{"update stream demo", "update rule hot"})
	b.Send(t, `{"u":81}`)
	b.Want(t, `{"u":81}`)
	b.refused("POST", "/apply", set{Rules: map[string]any{"hot": moved}, Prune: true}.json(t), 400, 1000, `rule hot: it reads a stream that changes: unknown stream "demo"`)
	b.Send(t, `{"u":82}`)
	b.Want(t, `{"u":82}`)
}

// Whatever is wrong, all of it is told and nothing is changed.
func TestApplyIsAllOrNothing(t *testing.T) {
	noLeak(t)
	dir := t.TempDir()
	b := &bench{t: t, Service: startIn(t, dir)}
	b.same(b.applied(set{Streams: map[string]string{"demo": demoSQL}, Rules: map[string]any{"hot": hot}}), []string{"create stream demo", "create rule hot"})
	bad := set{
		Streams: map[string]string{
			"demo": strings.Replace(demoSQL, `, SHARED="true"`, "", 1), "s2": "CREATE STREAM s2 (", "s3": `CREATE STREAM s4 () WITH (TYPE="memory")`,
			"s5": `CREATE STREAM s5 () WITH (TYPE="memry")`, "s6": `CREATE STREAM s6 () WITH (TYPE="memory", DATASOURCE="x")`},
		Tables: map[string]string{"s6": `CREATE TABLE s6 () WITH (TYPE="memory")`, "t1": `CREATE STREAM t1 () WITH (TYPE="memory")`},
		Rules: map[string]any{
			"hot": strings.Replace(hot, "80", "60", 1), "a": "nonsense", "b": `{"id":"c"}`, "d": `{"id":"x","sql":"SELECT 1 FROM demo","actions":[{"memory":{}}]}`,
			"e": `{"id":"e","sql":"SELECT a, abss(b) FROM demo\nWHERE nope(1)","actions":[{"memory":{}}]}`,
			"f": `{"id":"f","sql":"SELECT a FROM demo","actions":[{"memry":{}},{"memory":{"topc":1}}]}`,
			"g": `{"id":"g","sql":"SELECT a FROM s6","actions":[{"memory":{}}]}`,
		},
	}
	for _, dry := range []bool{true, false} {
		bad.DryRun = dry
		f := b.refused("POST", "/apply", bad.json(t), 400, 1000, "nothing was changed: ")
		var got []string
		for _, x := range f["findings"].([]any) {
			m := x.(map[string]any)
			line := fmt.Sprintf("%s %s: %s", m["kind"], m["name"], m["message"])
			if m["line"] != nil {
				line += fmt.Sprintf(" [%v %v:%v %v]", m["code"], m["line"], m["column"], m["hint"])
			}
			got = append(got, line)
		}
		b.same(got, []string{
			`stream s2: expected the name of a column, found the end [syntax 1:19 <nil>]`,
			`stream s3: the statement must be CREATE STREAM s3 …`,
			`table s6: a stream and a table are both named s6`,
			`table t1: the statement must be CREATE TABLE t1 …`,
			`rule a: rule is not JSON: line 1, column 2: invalid character 'o' in literal null (expecting 'u')`,
			`rule b: sql is missing; a rule needs a SELECT statement`,
			`rule b: actions are missing; a rule needs at least one, such as {"log": {}}`,
			`rule d: id "x" in the rule is not the name "d" that the set has for it`,
			`stream demo: SHARED cannot be changed; drop the stream and create it again`,
			`stream s5: unknown source type "memry"; did you mean "memory"?`,
			`rule e: unknown function "abss" [unknown_function 1:11 Did you mean "abs"?]`,
			`rule e: unknown function "nope" [unknown_function 2:7 Did you mean "now"?]`,
			`rule f: actions[0]: unknown sink type "memry"; did you mean "memory"?`,
			`rule f: actions[1]: sink memory: unknown property "topc"; did you mean "topic"?`,
		})
	}
	b.want("GET", "/streams", "", 200, `["demo"]`+"\n")
	b.want("GET", "/rules/hot", "", 200, hot)
	b.Send(t, `{"t":70}`, `{"t":81}`)
	b.Want(t, `{"t":81}`)
	b.Close(t)
	b.Service = startIn(t, dir)
	b.want("GET", "/rules/hot", "", 200, hot)
}

func TestApplyBodies(t *testing.T) {
	b := start(t)
	for body, want := range map[string]string{
		`[]`:                      "the body must be an object",
		`{"rules":[]}`:            "rules must be an object",
		`{"ruls":{}}`:             `unknown key "ruls"; there are streams`,
		`{"streams":{"a":1}}`:     `streams "a": it must be a text such as "CREATE STREAM …"`,
		`{"rules":{"a":1}}`:       "rule must be an object, not 1",
		`{"rules":{"a":1,"a":2}}`: `rules has "a" twice`,
		`{"prune":1}`:             "cannot unmarshal number",
		`{"rules":{"a":{}`:        "EOF",
		`{} {}`:                   "there is more in the body",
		``:                        "EOF",
	} {
		b.refused("POST", "/apply", body, 400, 1000, want)
	}
	b.want("POST", "/apply", `{"streams":null,"rules":{}}`, 200, `{"changes":[]}`+"\n")
	status, text, _ := b.Call(t, "POST", "/apply", `{"streams":{}`+strings.Repeat(" ", 5<<20)+"}")
	if status != 200 {
		t.Errorf("a large body: %d %s", status, text)
	}
}
