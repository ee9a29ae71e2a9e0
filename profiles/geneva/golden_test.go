package geneva

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"sluice/profiles/edgexfile"
)

var update = flag.Bool("update", false, "write what the golden files should be")

// inputs are the files of an archive to convert.
func inputs(a *txtar.Archive) []File {
	var files []File
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
			files = append(files, File{name, f.Data})
		}
	}
	return files
}

// Files of v1 stand beside what they are in v3, with the notes.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			result, notes := Convert(inputs(a), Options{ReplaceDots: strings.Contains(string(a.Comment), "options: replace-dots")})
			out := output(t, a, result, notes)
			if *update {
				if err := os.WriteFile(path, txtar.Format(out), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(a)), string(txtar.Format(out))); diff != "" {
				t.Errorf("(-golden +now; -update rewrites it):\n%s", diff)
			}
			checkResult(t, result)
		})
	}
}

func output(t *testing.T, a *txtar.Archive, r Result, notes []Note) *txtar.Archive {
	t.Helper()
	out := &txtar.Archive{Comment: a.Comment}
	for _, f := range a.Files {
		if strings.HasPrefix(f.Name, "in/") {
			out.Files = append(out.Files, f)
		}
	}
	var b bytes.Buffer
	for _, n := range notes {
		fmt.Fprintln(&b, n)
	}
	out.Files = append(out.Files, txtar.File{Name: "notes", Data: b.Bytes()})
	for _, p := range r.Profiles {
		text, err := edgexfile.Profile(p)
		if err != nil {
			t.Fatal(err)
		}
		out.Files = append(out.Files, txtar.File{Name: "profiles/" + p.Name + ".yaml", Data: text})
	}
	if len(r.Devices) > 0 {
		text, err := edgexfile.Devices(r.Devices)
		if err != nil {
			t.Fatal(err)
		}
		out.Files = append(out.Files, txtar.File{Name: "devices.yaml", Data: text})
	}
	return out
}

// checkResult asks EdgeX's own library.
func checkResult(t *testing.T, r Result) {
	t.Helper()
	for _, p := range r.Profiles {
		if err := requests.NewDeviceProfileRequest(p).Validate(); err != nil {
			t.Errorf("profile %s: %v", p.Name, err)
		}
	}
	for _, d := range r.Devices {
		if err := requests.NewAddDeviceRequest(d).Validate(); err != nil {
			t.Errorf("device %s: %v", d.Name, err)
		}
	}
}

func FuzzConvert(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, in := range inputs(a) {
			f.Add(in.Name, in.Data)
		}
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r, notes := Convert([]File{{name, data}}, Options{})
		for _, n := range notes {
			if n.Error && len(r.Profiles)+len(r.Devices) > 0 {
				t.Fatalf("%s, and yet there is a result", n)
			}
		}
	})
}
