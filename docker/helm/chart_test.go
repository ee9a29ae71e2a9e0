package helm

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

var update = flag.Bool("update", false, "write the golden files anew")

// valueSets are the files of values in testdata, and the defaults of the chart.
func valueSets(t *testing.T) map[string]chartutil.Values {
	t.Helper()
	files, err := filepath.Glob("testdata/*.values.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files of values, %v", len(files), err)
	}
	sets := map[string]chartutil.Values{"default": {}}
	for _, file := range files {
		values, err := chartutil.ReadValuesFile(file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		sets[strings.TrimSuffix(filepath.Base(file), ".values.yaml")] = values
	}
	return sets
}

// render is what helm template does, with all files behind one another.
func render(values chartutil.Values) (manifests, notes string, err error) {
	return renderAs("plant", values)
}

func renderAs(release string, values chartutil.Values) (manifests, notes string, err error) {
	chart, err := loader.Load("sluice")
	if err != nil {
		return "", "", err
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: "factory", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, values, options, nil)
	if err != nil {
		return "", "", err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return "", "", err
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := strings.TrimSpace(files[name])
		switch {
		case strings.HasSuffix(name, "NOTES.txt"):
			notes = text
		case text != "":
			fmt.Fprintf(&out, "# %s\n---\n%s\n", strings.TrimPrefix(name, "sluice/"), strings.TrimPrefix(text, "---\n"))
		}
	}
	return out.String(), notes, nil
}

func TestGolden(t *testing.T) {
	for name, values := range valueSets(t) {
		t.Run(name, func(t *testing.T) {
			manifests, notes, err := render(values)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".golden.yaml", manifests)
			golden(t, name+".notes.txt", notes+"\n")
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d: got\n%s\nwant\n%s\ngo test -update writes it anew", path, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d; go test -update writes it anew", path, len(gotLines), len(wantLines))
}

func TestLint(t *testing.T) {
	for name, values := range valueSets(t) {
		for _, m := range lint.AllWithKubeVersion("sluice", values, "factory", nil).Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %s", name, m)
			}
		}
	}
}
