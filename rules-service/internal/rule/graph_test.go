package rule

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"sluice/sqlengine"
)

var update = flag.Bool("update", false, "rewrite the golden files with what really comes out")

// TestGraphs translates the graphs in testdata, and compiles what comes out.
// With the flag -update it rewrites the files.
func TestGraphs(t *testing.T) {
	files, err := filepath.Glob("testdata/graph/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	streams := sqlengine.Streams{}
	for _, name := range []string{"demo", "l1", "r1"} {
		if err := streams.Define("CREATE STREAM " + name + " () WITH (DATASOURCE=\"x\")"); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(text)
			drawing := a.Files[0]
			a.Files = []txtar.File{drawing}
			a.Files = append(a.Files, outcomeOf(t, streams, drawing.Data)...)
			got := string(txtar.Format(a))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(text), got); diff != "" && !*update {
				t.Error(diff)
			}
		})
	}
}

// outcomeOf is the query of a graph with its actions, or why there is none.
func outcomeOf(t *testing.T, streams sqlengine.Streams, drawing []byte) []txtar.File {
	def, _, err := ParseDefinition(fmt.Sprintf(`{"id":"r","graph":%s}`, drawing))
	if err != nil {
		return []txtar.File{{Name: "error", Data: []byte(err.Error() + "\n")}}
	}
	if _, err := def.Compile(streams); err != nil {
		t.Errorf("%s: %v", def.SQL, err)
	}
	files := []txtar.File{{Name: "sql", Data: []byte(def.SQL + "\n")}}
	var actions strings.Builder
	for i, a := range def.Actions {
		props, err := json.Marshal(a.Props)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&actions, "%s\n", strings.TrimSpace(fmt.Sprintf("%s %s %s", a.Type, props, def.routes[i])))
	}
	files = append(files, txtar.File{Name: "actions", Data: []byte(actions.String())})
	var own strings.Builder
	for _, name := range sortedKeys(def.streams) {
		s := def.streams[name]
		fmt.Fprintf(&own, "%s is %s: %s %s %s\n", name, s.Name, s.Options.Type, s.Options.Datasource, s.Options.Extra)
	}
	if own.Len() > 0 {
		files = append(files, txtar.File{Name: "streams", Data: []byte(own.String())})
	}
	return files
}

func FuzzGraph(f *testing.F) {
	f.Add(`{"nodes":{"s":{"type":"source","props":{"sourceName":"demo"}},"l":{"type":"sink","nodeType":"log"}},"topo":{"sources":["s"],"edges":{"s":["l"]}}}`)
	f.Add(`{"nodes":{"s":{"type":"source"},"o":{"type":"operator","nodeType":"switch","props":{"cases":["a"]}}},"topo":{"sources":["s"],"edges":{"s":["o"],"o":[["s"]]}}}`)
	f.Add(`{"nodes":{"s":{"type":"source"},"o":{"type":"operator","nodeType":"filter","props":{"expr":"a"}}},"topo":{"sources":["s"],"edges":{"s":["o"],"o":["o"]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		out, err := translateGraph("r", json.RawMessage(text))
		if err == nil && (out.sql == "" || len(out.actions) == 0 || len(out.actions) != len(out.routes)) {
			t.Errorf("%+v", out)
		}
	})
}
