package kubeedge

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"

	"sluice/profiles/edgexfile"
)

var update = flag.Bool("update", false, "write what the golden files should be")

// golden is a file of testdata: documents below in/, and what becomes of them.
type golden struct {
	path    string
	archive *txtar.Archive
	options Options
	files   []File
}

func goldens(t testing.TB) []golden {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d golden files, %v", len(paths), err)
	}
	var list []golden
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		g := golden{path: path, archive: a, options: optionsOf(t, string(a.Comment))}
		for _, f := range a.Files {
			if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
				g.files = append(g.files, File{name, f.Data})
			}
		}
		list = append(list, g)
	}
	return list
}

// optionsOf are those in the last line of a comment, such as "options: signed".
func optionsOf(t testing.TB, comment string) Options {
	var o Options
	for line := range strings.Lines(comment) {
		words, ok := strings.CutPrefix(line, "options:")
		if !ok {
			continue
		}
		for _, w := range strings.Fields(words) {
			k, v, _ := strings.Cut(w, "=")
			switch k {
			case "node":
				o.Node = v
			case "cycle-unit":
				o.CycleUnit = CycleUnit(v)
			case "semantics":
				o.Semantics = Semantics(v)
			case "signed":
				o.Signed = true
			case "bool-highbyte":
				o.BoolHighByte = true
			default:
				t.Fatalf("unknown option %q", w)
			}
		}
	}
	return o
}

func (g *golden) convert() (Set, Result, Findings) {
	set, findings := Read(g.files...)
	if findings.Errors() != nil {
		return set, Result{}, findings
	}
	result, more := Convert(set, g.options)
	return set, result, append(findings, more...)
}

func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(filepath.Base(g.path), func(t *testing.T) {
			set, result, findings := g.convert()
			out := g.output(t, set, result, findings)
			if *update {
				if err := os.WriteFile(g.path, txtar.Format(out), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(g.archive)), string(txtar.Format(out))); diff != "" {
				t.Errorf("%s (-golden +now; -update rewrites it):\n%s", g.path, diff)
			}
		})
	}
}

// output is the archive as it should be.
func (g *golden) output(t *testing.T, set Set, result Result, findings Findings) *txtar.Archive {
	t.Helper()
	out := &txtar.Archive{Comment: g.archive.Comment}
	add := func(name string, data []byte) {
		if len(data) > 0 {
			out.Files = append(out.Files, txtar.File{Name: name, Data: data})
		}
	}
	for _, f := range g.archive.Files {
		if strings.HasPrefix(f.Name, "in/") {
			add(f.Name, f.Data)
		}
	}
	var b bytes.Buffer
	for _, e := range Report(set, findings, Diff(result, Existing{})) {
		if e.Name != "" {
			fmt.Fprintf(&b, "%s:%d: %s: %s\n", e.File, e.Line, e.title(), e.Action)
		}
		for _, f := range e.Findings {
			fmt.Fprintf(&b, "  %s\n", f)
		}
	}
	add("report", b.Bytes())
	var profiles [][]byte
	for _, p := range result.Profiles {
		text, err := edgexfile.Profile(p.DeviceProfile)
		if err != nil {
			t.Fatal(err)
		}
		profiles = append(profiles, text)
	}
	add("profiles.yaml", bytes.Join(profiles, []byte("---\n")))
	if len(result.Devices) > 0 {
		text, err := edgexfile.Devices(result.devices())
		if err != nil {
			t.Fatal(err)
		}
		add("devices.yaml", text)
	}
	add("rules.yaml", rulesText(t, result))
	return out
}

func (r Result) devices() []dtos.Device {
	var list []dtos.Device
	for _, d := range r.Devices {
		list = append(list, d.Device)
	}
	return list
}

func (r Result) profiles() []dtos.DeviceProfile {
	var list []dtos.DeviceProfile
	for _, p := range r.Profiles {
		list = append(list, p.DeviceProfile)
	}
	return list
}

// rulesText is everything for the rules service and the twin bridge.
func rulesText(t *testing.T, r Result) []byte {
	t.Helper()
	tree, err := treeOf(map[string]any{"streams": r.Streams, "rules": r.Rules, "desired": r.Desired, "reported": r.Reported})
	if err != nil {
		t.Fatal(err)
	}
	if tree = present("streams", tree["streams"], "rules", tree["rules"], "desired", tree["desired"], "reported", tree["reported"]); len(tree) == 0 {
		return nil
	}
	for key, v := range tree {
		if v == nil {
			delete(tree, key)
		}
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(tree); err != nil {
		t.Fatal(err)
	}
	if len(tree) == 0 {
		return nil
	}
	return b.Bytes()
}
