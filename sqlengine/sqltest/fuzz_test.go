package sqltest

import (
	"os"
	"strings"
	"testing"
)

// FuzzCase: no text panics, neither as a case nor as one of its lines, and a
// case that is written out reads as before.
func FuzzCase(f *testing.F) {
	for _, name := range []string{"testdata/window_groups.txtar", "testdata/meta.txtar"} {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data)
		}
	}
	for _, seed := range []string{"", "-- query --\n", head + "-- options --\nparam a {\"b\":[1e9]}\nprop a b\nlateTolerance 1h\n-- input --\ndemo @1s {\"a\":1}[] 3 meta {}\nadvance 9s\n",
		demoStream + "-- rule --\n{\"sql\":\"SELECT a FROM demo\",\"options\":{\"params\":{\"x\":1},\"lateTolerance\":\"5s\"}}\n-- output --\n@1s [1, {\"b\":2}]\n",
		"-- streams --\nCREATE TABLE t () WITH (KIND=\"lookup\");\n-- lookup t --\n{} {\"a\":null}\n-- query --\nSELECT 1 FROM t\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("c.txtar", data)
		if err != nil {
			return
		}
		again, err := Parse("c.txtar", []byte(c.Format()))
		if err != nil || strings.TrimRight(again.Format(), "\r\n") != strings.TrimRight(c.Format(), "\r\n") {
			t.Errorf("%q is written as %q: %v", data, c.Format(), err)
		}
		if diff := c.Diff(c); strings.Contains(diff, "+ @") {
			t.Errorf("%q differs from itself: %s", data, diff)
		}
		if strings.Contains(string(data), "file") {
			return // it may name any file of this machine
		}
		if p, err := c.prepare(); err == nil {
			_ = p.compile()
		}
		for line := range strings.Lines(string(data)) {
			_, _ = parseEvent(strings.TrimSpace(line))
			_ = normal(line)
		}
	})
}
