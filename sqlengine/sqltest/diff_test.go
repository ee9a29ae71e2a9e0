package sqltest

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	many := func(n int, insert string, at int) string {
		var b strings.Builder
		for i := range n {
			if i == at {
				b.WriteString(insert)
			}
			fmt.Fprintf(&b, "@%ds []\n", i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, want, got, diff string }{
		{"equal", "@1s []\n", "@1s []\n", ""},
		{"blank lines", "\n@1s []\n\n\n@2s []", "@1s []\n@2s []\n", ""},
		{"as people write", "@60s [ {\"b\": 1.50, \"a\": \"\\u003c\"} ]\n@2s error filter: x\n", "@1m0s [{\"a\":\"\\u003c\",\"b\":1.5}]\n@2s error filter: x\n", ""},
		{"large numbers are not rounded", "@1s [{\"a\":9007199254740993}]", "@1s [{\"a\":9007199254740993}]\n", ""},
		{"changed", "@1s []\n@2s [1]\n@3s []\n", "@1s []\n@2s [2]\n@3s []\n", "output\n    @1s []\n  - @2s [1]\n  + @2s [2]\n    @3s []\n"},
		{"missing", "@1s []\n@2s []\n", "@2s []\n", "output\n  - @1s []\n    @2s []\n"},
		{"nothing came", "@1s []\n", "", "output\n  - @1s []\n"},
		{"everything is new", "", "@1s []\n", "output\n  + @1s []\n"},
		{"swapped", "a\nb\nc\n", "b\na\nc\n", "output\n  - a\n    b\n  + a\n    c\n"},
		{"the far lines are left out", many(12, "new\n", 6), many(12, "", 0),
			"output\n    …\n    @3s []\n    @4s []\n    @5s []\n  - new\n    @6s []\n    @7s []\n    @8s []\n    …\n"},
		{"no result", "@x [1]\n@1s {}\n@1s [\n@1s\nx\n", "", "output\n  - @x [1]\n  - @1s {}\n  - @1s [\n  - @1s\n  - x\n"},
	} {
		want := &Case{archive: archive{sections: []section{{name: "output", text: c.want}}}}
		if diff := want.Diff(want.having(section{name: "output", text: c.got})); diff != c.diff {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, diff, c.diff)
		}
	}
}

// TestDiffOfLargeTexts: what is too large to align is shown as a whole.
func TestDiffOfLargeTexts(t *testing.T) {
	lines := func(word string) []string {
		list := make([]string, 3000)
		for i := range list {
			list[i] = fmt.Sprint(word, i)
		}
		list[0], list[2999] = "first", "last"
		return list
	}
	diff := diffLines(lines("a"), lines("b"))
	if len(diff) != 2+2*2998 || diff[0].differs() || diff[1].mark != '-' || diff[2999].mark != '+' || diff[len(diff)-1].differs() {
		t.Errorf("%d lines: %v … %v", len(diff), diff[:2], diff[2998:3001])
	}
}

func TestDiffOfSections(t *testing.T) {
	c, err := runText(head + "-- explain --\nx\n-- error --\nnone\n-- input --\n-- output --\n")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Parse("c.txtar", []byte(head+"-- explain --\nx\n-- error --\nnone\n-- input --\n-- output --\n"))
	if err != nil {
		t.Fatal(err)
	}
	const diff = "explain\n  - x\n  + project a\n  +   stream demo (0 a BIGINT)\nerror\n  - none\n"
	if got := want.Diff(c); got != diff {
		t.Errorf("got\n%s", got)
	}
	if got, want := c.Results(), "explain\n    project a\n      stream demo (0 a BIGINT)\noutput\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}
