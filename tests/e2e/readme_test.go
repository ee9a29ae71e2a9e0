package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tests/stack"
)

// readmeWorks runs the commands of the README, in its order, against the box:
// what it shows as level.json is level.json, bin/ is where the programs are.
func readmeWorks(t *testing.T, p *plant) {
	text, err := os.ReadFile(filepath.Join(stack.Root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ran := 0
	for _, block := range fenced(string(text)) {
		if block.language == "json" {
			stack.WriteFile(t, dir, "level.json", block.text)
		}
		for line := range strings.Lines(block.text) {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), "bin/")
			if !ok {
				continue
			}
			args := strings.Fields(command)
			for i, a := range args {
				if strings.HasPrefix(a, "box/") {
					args[i] = filepath.Join(stack.Root(), a)
				}
			}
			cmd := exec.Command(filepath.Join(stack.Binaries(t), args[0]), args[1:]...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "SLUICE_SERVER="+p.url(p.rules, ""))
			if out, err := cmd.CombinedOutput(); err != nil || len(out) == 0 {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
			ran++
		}
	}
	if ran < 5 {
		t.Errorf("the README has %d commands of ours, want 5 at least", ran)
	}
}

type codeBlock struct{ language, text string }

// fenced returns the code blocks of a markdown text.
func fenced(text string) (blocks []codeBlock) {
	const fence = "```"
	for {
		_, rest, ok := strings.Cut(text, fence)
		if !ok {
			return blocks
		}
		code, after, ok := strings.Cut(rest, "\n"+fence)
		if !ok {
			return blocks
		}
		language, body, _ := strings.Cut(code, "\n")
		blocks = append(blocks, codeBlock{language, body})
		text = after
	}
}
