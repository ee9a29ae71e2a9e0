package reconcile

import (
	"testing"
	"time"

	"sluice/sqlengine"
)

// FuzzParse: no file makes the reader panic, and what it reads is whole.
func FuzzParse(f *testing.F) {
	for _, seed := range []struct{ name, text string }{
		{"a.json", `{"commands":[{"url":"/streams","method":"post","description":"d","data":{"sql":"create stream demo (a bigint) WITH (DATASOURCE=\"demo\")"}}]}`},
		{"a.json", `{"commands":[{"url":"/rules","method":"POST","data":{"id":"r1","sql":"select * from demo","actions":[{"log":{}}]}},{"url":"/rules/r1","method":"delete"}]}`},
		{"a.json", `{"commands":[{"url":"//x","method":"get","data":null},{"url":"/%zz","method":"get"},{"url":"/rules/%2e%2e/stop","method":"put","data":"x"}]}`},
		{"a.yaml", "commands:\n- {url: /tables, method: post, data: {sql: 'DROP TABLE t'}}\n"},
		{"a.json", `{"commands":null}`}, {"a.yaml", "commands: &a [*a]"}, {"a.sql", "CREATE STREAM s () WITH (TYPE=\"memory\")"}, {"a.json", "[[[[[["},
	} {
		f.Add(seed.name, seed.text)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		c, err := parse(name, text)
		if err != nil {
			if list := problemsOf(err); len(list) == 0 || list[0].text(name) == "" {
				t.Errorf("%v has no text", err)
			}
			return
		}
		for _, b := range c.brings() {
			if back, err := parseClaim(b.String()); err != nil || back != b || b.name == "" {
				t.Errorf("%q comes back as %v: %v", b, back, err)
			}
		}
		for _, x := range c.commands {
			if x.path == "" || x.path[0] != '/' || x.at.Line < 1 {
				t.Errorf("%+v", x)
			}
		}
		if c.kind == Definitions && len(c.set.Streams)+len(c.set.Rules) == 0 {
			t.Error("nothing was read, and no error")
		}
	})
}

func TestPauses(t *testing.T) {
	f := &file{}
	var total time.Duration
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		f.tries++
		if got := f.pause(); got != want*time.Second {
			t.Errorf("try %d: %v", f.tries, got)
		}
		total += f.pause()
	}
	f.tries = 1 << 40
	if f.pause() != time.Minute || total != 183*time.Second {
		t.Error(f.pause(), total)
	}
}

func TestWhatCommandsBring(t *testing.T) {
	st, err := sqlengine.ParseStatement("CREATE TABLE t (a BIGINT) WITH (TYPE=\"memory\")")
	if err != nil || claimOf(&st).String() != "table t" {
		t.Error(st, err)
	}
	c, err := parse("a.json", `{"commands":[
		{"url":"/streams?x=1","method":"post","data":{"SQL":"CREATE TABLE t (a BIGINT) WITH (TYPE=\"memory\")"}},
		{"url":"/rules","method":"post","data":{"id":"a/b"}}, {"url":"/rules/x","method":"put","data":{"id":"x"}}, {"url":"/rules/x","method":"delete"},
		{"url":"/rules","method":"get"}, {"url":"/rules/y/start","method":"post"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	var items []string
	for _, x := range c.commands {
		items = append(items, x.item)
	}
	if got := c.brings(); len(got) != 2 || got[0].String() != "table t" || got[1].String() != "rule a/b" || items[0] != "/tables/t" || items[1] != "/rules/a%2Fb" {
		t.Errorf("%v %v", got, items)
	}
}
