package connector

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

type nestedConfig struct {
	Path string `prop:"path,required" doc:"Where."`
	N    int    `prop:"n" doc:"How many."`
}

type testConfig struct {
	Server   string              `prop:"server,required" doc:"Where to."`
	Topic    Template            `prop:"topic" doc:"What about."`
	Password Secret              `prop:"password" doc:"Password."`
	Count    int                 `prop:"count" alias:"number" doc:"How many."`
	Ratio    float64             `prop:"ratio" doc:"Part."`
	On       bool                `prop:"on" doc:"Whether."`
	Pause    time.Duration       `prop:"pause" doc:"How long."`
	Names    []string            `prop:"names" doc:"Who."`
	Headers  map[string]Template `prop:"headers" doc:"Beside."`
	Nested   []nestedConfig      `prop:"nested" doc:"Below."`
	Later    string              `prop:"later,unsupported" doc:"Some day."`
}

func testRegistry() *Registry {
	r := NewRegistry()
	AddSink(r, SinkSpec[testConfig]{Name: "test", Summary: "For tests.", Defaults: testConfig{Pause: time.Second, Later: "usual"},
		New: func(c testConfig, _ Env) (Sink, error) { return nil, fmt.Errorf("%+v", c) }})
	return r
}

func decodeTest(t *testing.T, props map[string]any) (*SinkConfig, string) {
	t.Helper()
	info, err := testRegistry().Sink("test")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, Env{})
	if err != nil {
		return nil, err.Error()
	}
	_, err = c.Open()
	return c, err.Error()
}

func TestDecodeWeakTypes(t *testing.T) {
	c, got := decodeTest(t, map[string]any{"SERVER": 5.0, "topic": "t/{{.a}}", "password": "pw", "number": "7", "ratio": 1, "on": "1",
		"pause": "250", "names": "one", "headers": `{"A": "b"}`, "nested": map[string]any{"path": "p", "n": 3.0},
		"later": "usual", "concurrency": "", "runAsync": true, "sendSingle": "true", "bufferLength": "10"})
	want := `{Server:5 Topic:t/{{.a}} Password:<secret> Count:7 Ratio:1 On:true Pause:250ms Names:[one] Headers:map[A:b] Nested:[{Path:p N:3}] Later:usual}`
	if got != want {
		t.Fatalf("\n got %s\nwant %s", got, want)
	}
	if !c.Common.SendSingle || c.Common.BufferLength != 10 || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "runAsync") {
		t.Errorf("%+v %v", c.Common, c.Warnings)
	}
	if len(c.Templates) != 2 || c.Templates["topic"] != "t/{{.a}}" || c.Templates["headers.A"] != "b" {
		t.Error(c.Templates)
	}
}

func TestDecodeMistakes(t *testing.T) {
	for want, props := range map[string]map[string]any{
		`sink test: property "server" is missing: Where to.`:                                       {},
		`sink test: unknown property "sevrer"; did you mean "server"?`:                             {"sevrer": "x"},
		`sink test: unknown property "sendSingel"; did you mean "sendSingle"?`:                     {"sendSingel": true},
		`sink test: property "count": a whole number is wanted, not 1.5`:                           {"count": 1.5},
		`sink test: property "on": true or false is wanted, not a text`:                            {"on": "hunter2"},
		`sink test: property "pause": milliseconds or a text such as "10s" are wanted, not a list`: {"pause": []any{}},
		`sink test: property "server": a template is not possible here`:                            {"server": "{{.a}}"},
		`sink test: property "headers": an object is wanted, not a text`:                           {"headers": "x"},
		`sink test: property "names"[1]: a text is wanted, not an object`:                          {"names": []any{"a", map[string]any{}}},
		`sink test: property "nested"[0].n: a whole number is wanted, not true`:                    {"nested": []any{map[string]any{"path": "p", "n": true}}},
		`sink test: property "nested"[0]: unknown property "pth"; did you mean "path"?`:            {"nested": []any{map[string]any{"pth": "p"}}},
		`sink test: property "nested"[0]: "path" is missing: Where.`:                               {"nested": []any{map[string]any{"n": 1}}},
		`sink test: property "later": not supported yet; leave it out`:                             {"later": "x"},
	} {
		if _, got := decodeTest(t, props); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	key := func(props map[string]any) string {
		props["server"] = "s"
		c, text := decodeTest(t, props)
		if c == nil {
			t.Fatal(text)
		}
		return c.Key
	}
	one := key(map[string]any{"password": "a", "topic": "x", "sendSingle": true})
	if one != key(map[string]any{"password": "a", "topic": "y"}) {
		t.Error("a template makes another connection")
	}
	if one == key(map[string]any{"password": "a"}) {
		t.Error("an action without the template would be given that of another one")
	}
	if one == key(map[string]any{"password": "b", "topic": "x"}) {
		t.Error("another password is the same connection")
	}
}

func TestRegistryHints(t *testing.T) {
	if _, err := testRegistry().Sink("tets"); err == nil || err.Error() != `unknown sink type "tets"; did you mean "test"?` {
		t.Error(err)
	}
	if _, err := testRegistry().Source("x"); err == nil || !strings.HasPrefix(err.Error(), `unknown source type "x"`) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("server", "x", 1.5, true)
	f.Add("nested", "{{", 0.0, false)
	info, _ := testRegistry().Sink("test")
	f.Fuzz(func(_ *testing.T, name, text string, n float64, b bool) {
		for _, v := range []any{text, n, b, nil, []any{text, n}, map[string]any{text: n, name: []any{b}}} {
			_, _ = info.Decode(map[string]any{"server": "s", name: v}, Env{})
		}
	})
}
