package sqltest

import (
	"os"
	"strings"
	"testing"
)

// TestWindowsGuide runs the cases in docs/windows.md: each fence marked as
// txtar is one. With the flag -update it rewrites them instead.
func TestWindowsGuide(t *testing.T) {
	const name = "../docs/windows.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	rewritten := rewriteFences(string(page), func(mark, block string) string {
		if mark != "txtar" {
			return block
		}
		cases++
		return runFence(t, name, block)
	})
	if cases < 15 {
		t.Errorf("only %d cases were found", cases)
	}
	if *update {
		if err := os.WriteFile(name, []byte(rewritten), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// runFence runs a case, also with a restart after each line, and returns it
// as it should be in the page.
func runFence(t *testing.T, name, block string) string {
	c, err := Parse(name, []byte(block))
	if err != nil {
		t.Errorf("%s\n%v", block, err)
		return block
	}
	got, err := c.Run()
	if err != nil {
		t.Errorf("%s\n%v", block, err)
		return block
	}
	if *update {
		return got.Format()
	}
	if diff := c.Diff(got); diff != "" {
		t.Errorf("%s: %s\n(- expected, + received)\n%s", name, block, diff)
	}
	playRestored(t, c)
	return block
}

// rewriteFences gives the fenced blocks of a page to rewrite, with the words
// behind the opening fence.
func rewriteFences(page string, rewrite func(mark, block string) string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(page, "\n```")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		mark, rest, _ := strings.Cut(rest, "\n")
		block, after, _ := strings.Cut("\n"+rest, "\n```")
		if block != "" {
			block = rewrite(mark, block[1:]+"\n")
		}
		b.WriteString("\n```" + mark + "\n" + block + "```")
		page = after
	}
}
