package helm

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

// TestGuide does what the guide's commands of helm do, with the files that it
// shows, and looks for the files that its commands of kubectl name.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../kubernetes/README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	ran := map[string]int{}
	for i, part := range strings.Split(string(page), "\n```") {
		if i%2 == 0 {
			continue
		}
		head, text, _ := strings.Cut(part, "\n")
		kind, file, _ := strings.Cut(head, " ")
		if file != "" {
			shown[file] = text
		}
		if kind != "console" {
			continue
		}
		for _, line := range strings.Split("\n"+text, "\n$ ")[1:] {
			words := strings.Fields(line)
			switch words[0] {
			case "helm":
				runHelm(t, line, words[1:], shown)
			case "kubectl":
				lookForFiles(t, words)
			}
			ran[words[0]]++
		}
	}
	if ran["helm"] < 4 || ran["kubectl"] < 10 {
		t.Errorf("the guide has %v commands", ran)
	}
}

// runHelm lints or renders, as helm does before it speaks to a cluster.
func runHelm(t *testing.T, line string, words []string, shown map[string]string) {
	t.Helper()
	values := chartutil.Values{}
	chart := false
	for i, w := range words {
		switch w {
		case "-f":
			file, err := chartutil.ReadValues([]byte(shown[words[i+1]]))
			if err != nil || len(file) == 0 {
				t.Errorf("%s: the guide shows no %s (%v)", line, words[i+1], err)
			}
			maps.Copy(values, file)
		case "docker/helm/sluice":
			chart = true
		}
	}
	if !chart {
		t.Errorf("%s: names no chart", line)
	}
	if words[0] == "lint" {
		for _, m := range lint.AllWithKubeVersion("sluice", values, "sluice", nil).Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %s", line, m)
			}
		}
		return
	}
	if manifests, _, err := render(values); err != nil || !strings.Contains(manifests, "rules-service") {
		t.Errorf("%s: %v", line, err)
	}
}

func lookForFiles(t *testing.T, words []string) {
	t.Helper()
	for i, w := range words {
		if w != "-f" {
			continue
		}
		if _, err := os.Stat(filepath.Join("../..", words[i+1])); err != nil {
			t.Errorf("%s: %v", strings.Join(words, " "), err)
		}
	}
}
