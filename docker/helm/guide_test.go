package helm

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

// TestGuide does what the guide's commands of helm do, with the files that it
// shows, and looks for the files and the objects that its commands of kubectl name.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../kubernetes/README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	made := manifestObjects(t)
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
				note(made, runHelm(t, line, words[1:], shown))
			case "kubectl":
				lookForFiles(t, words)
			}
			ran[words[0]]++
		}
	}
	if ran["helm"] < 4 || ran["kubectl"] < 10 {
		t.Errorf("the guide has %v commands", ran)
	}
	lookForObjects(t, string(page), made)
}

var (
	objectHead   = regexp.MustCompile(`(?m)^kind: (\w+)\nmetadata:\n  name: (\S+)`)
	objectInPage = regexp.MustCompile(`[ \x60]((?:daemonset|statefulset|service)/[a-z0-9-]+)`)
	poolInPage   = regexp.MustCompile(`apps\.openyurt\.io/nodepool(?:=|: )(\w+)`)
	namespace    = regexp.MustCompile(`(?:kubectl|helm) .*-n (\w+)`)
)

// note adds the objects of manifests, as kubectl takes them: kind/name.
func note(made map[string]bool, manifests string) {
	for _, m := range objectHead.FindAllStringSubmatch(manifests, -1) {
		made[strings.ToLower(m[1])+"/"+m[2]] = true
	}
}

// manifestObjects are those of the files that kubectl applies.
func manifestObjects(t *testing.T) map[string]bool {
	t.Helper()
	made := map[string]bool{}
	for _, pattern := range []string{"../kubernetes/*.yaml", "../kubernetes/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			note(made, string(text))
		}
	}
	return made
}

// lookForObjects sees that what the page names is in some manifest or release.
func lookForObjects(t *testing.T, page string, made map[string]bool) {
	t.Helper()
	var named []string
	for _, m := range objectInPage.FindAllStringSubmatch(page, -1) {
		named = append(named, m[1])
	}
	for _, m := range poolInPage.FindAllStringSubmatch(page, -1) {
		named = append(named, "nodepool/"+m[1])
	}
	for _, m := range namespace.FindAllStringSubmatch(page, -1) {
		named = append(named, "namespace/"+m[1])
	}
	for _, object := range named {
		if !made[object] {
			t.Errorf("the guide names %s, which neither manifests nor releases have", object)
		}
	}
	if len(named) < 20 {
		t.Errorf("the guide names %q", named)
	}
}

// runHelm lints or renders, as helm does before it speaks to a cluster. It
// returns the manifests.
func runHelm(t *testing.T, line string, words []string, shown map[string]string) string {
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
		return ""
	}
	manifests, _, err := renderAs(words[1], values)
	if err != nil || !strings.Contains(manifests, words[1]+"-rules-service") {
		t.Errorf("%s: %v", line, err)
	}
	return manifests
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
