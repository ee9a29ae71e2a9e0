package sqltest

import (
	"path/filepath"
	"testing"
)

// TestRestoreMidway moves the state of every golden query into a new run after
// each line of its input: the output must stay the same.
func TestRestoreMidway(t *testing.T) {
	moved := 0
	for _, name := range goldenFiles(t) {
		c := readCase(t, name)
		if !c.archive.has("output") || !c.archive.has("input") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) { moved += playRestored(t, c) })
	}
	if moved == 0 {
		t.Fatal("no state was moved")
	}
}

func playRestored(t *testing.T, c *Case) (moved int) {
	replay(t, c, func(p *player) {
		p.cut = func(p *player) error {
			state := p.run.Snapshot()
			moved++
			if err := p.open(); err != nil {
				return err
			}
			return p.run.Restore(state)
		}
	})
	return moved
}

// replay runs a case with a player that was changed. The output must stay the
// same.
func replay(t *testing.T, c *Case, change func(*player)) {
	t.Helper()
	p, err := c.prepare()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.compile(); err != nil {
		t.Fatal(err)
	}
	change(p)
	input, err := c.source("input")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.play(input); err != nil {
		t.Fatal(err)
	}
	got := c.having(section{name: "output", text: p.out.String()})
	want := &Case{c.file, c.archive.with(nil, "explain", "counters")}
	if diff := want.Diff(got); diff != "" {
		t.Errorf("(- expected, + received)\n%s", diff)
	}
}
