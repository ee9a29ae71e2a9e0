package sqltest

import (
	"os"
	"path/filepath"
	"testing"

	"sluice/sqlengine"
)

// TestRestoreMidway moves the state of every golden query into a new run after
// each line of its input: the output must stay the same.
func TestRestoreMidway(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if !c.archive.has("output") || !c.archive.has("query") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) { moved += playRestored(t, c) })
	}
	if moved == 0 {
		t.Fatal("no state was moved")
	}
}

func playRestored(t *testing.T, c *Case) (moved int) {
	streams, err := parseStreams(c.archive.text("streams"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := parseOptions(c.archive.text("options"))
	if err != nil {
		t.Fatal(err)
	}
	q, err := sqlengine.Compile(c.archive.text("query"), streams, sqlengine.Options{SendNil: o.sendNil})
	if err != nil {
		t.Fatal(err)
	}
	p := &player{streams: streams, options: o, query: q}
	p.cut = func(p *player) error {
		state := p.run.Snapshot()
		moved++
		if err := p.open(); err != nil {
			return err
		}
		return p.run.Restore(state)
	}
	if err := p.play(c.archive.text("input")); err != nil {
		t.Fatal(err)
	}
	if want := c.archive.text("output"); p.out.String() != want {
		t.Errorf("got\n%swant\n%s", p.out.String(), want)
	}
	return moved
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "-- query --\nSELECT a FROM b\n-- outptu --\n", "-- streams --\n"} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q: accepted", text)
		}
	}
}

func TestRunFinds(t *testing.T) {
	head := "-- streams --\nCREATE STREAM s () WITH (DATASOURCE=\"s\");\n-- query --\nSELECT a FROM s\n"
	for name, text := range map[string]string{
		"unknown stream": head + "-- input --\nx @1s {\"a\":1}\n-- output --\n",
		"no time":        head + "-- input --\ns {\"a\":1}\n-- output --\n",
		"bad JSON":       head + "-- input --\ns @1s {\"a\"}\n-- output --\n",
		"bad option":     head + "-- options --\nfoo\n",
	} {
		c, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Run(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c, err := Parse([]byte(head + "-- input --\ns @1s {\"a\":1}\n-- output --\n@1s [{\"a\":2}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Run()
	if err != nil || got.Format() == c.Format() {
		t.Errorf("a wrong output is not seen: %v", err)
	}
}
