package arch

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// Every module that go.mod asks for by itself is listed in deps.txt with the
// reason why it is here, and nothing else is listed.
func TestEveryModuleHasAReason(t *testing.T) {
	reasons := map[string]string{}
	for _, line := range lines(t, "deps.txt") {
		module, reason, _ := strings.Cut(line, " ")
		if strings.TrimSpace(reason) == "" {
			t.Errorf("deps.txt: %s has no reason", module)
		}
		reasons[module] = reason
	}
	for _, line := range lines(t, "../../go.mod") {
		f := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(f) != 2 || !strings.HasPrefix(f[1], "v") {
			continue // the indirect ones carry a comment, the rest is no requirement
		}
		if _, ok := reasons[f[0]]; !ok {
			t.Errorf("go.mod: %s is not in tests/arch/deps.txt: prefer what is there, or add it with a reason", f[0])
		}
		delete(reasons, f[0])
	}
	for module := range reasons {
		t.Errorf("deps.txt: %s is not in go.mod", module)
	}
}

// lines of a file, without blanks and comments.
func lines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
