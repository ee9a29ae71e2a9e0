package upstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFileKeepsTheLastState(t *testing.T) {
	f := Settings{Dir: t.TempDir()}.File("device-x", "consul")
	var got map[string]string
	if _, err := f.Load(&got); !errors.Is(err, ErrNothing) {
		t.Fatalf("before the first save: %v", err)
	}
	for _, want := range []string{"one", "<two> & more"} {
		if err := f.Save(map[string]string{"a": want}); err != nil {
			t.Fatal(err)
		}
		saved, err := f.Load(&got)
		if err != nil || got["a"] != want || saved.IsZero() {
			t.Fatalf("%v %v %v", got, saved, err)
		}
	}
	info, err := os.Stat(f.Path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(filepath.Dir(f.Path())); err != nil || len(files) != 1 {
		t.Errorf("%v %v", files, err)
	}
}

func TestFileTakesNothingThatIsNotRight(t *testing.T) {
	dir := t.TempDir()
	f := Settings{Dir: dir}.File("device-x", "consul")
	if err := f.Save(map[string]string{"a": "value"}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "damaged"},
		{"cut off", string(whole[:len(whole)/2]), "damaged"},
		{"one letter", strings.Replace(string(whole), "value", "valve", 1), "damaged: the checksum is another"},
		{"other service", strings.Replace(string(whole), "device-x", "device-y", 1), `belongs to service "device-y", not to "device-x"`},
		{"other format", strings.Replace(string(whole), `"format":1`, `"format":2`, 1), "has format 2; this program knows format 1"},
	} {
		if err := os.WriteFile(f.Path(), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if _, err := f.Load(&got); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), f.Path()) || got != nil {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

func TestFileThatCannotBeWrittenLeavesTheOldOne(t *testing.T) {
	f := Settings{Dir: t.TempDir()}.File("device-x", "consul")
	if err := f.Save("old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.Path()+".next", 0o700); err != nil { // in the place of the new file
		t.Fatal(err)
	}
	if err := f.Save("new"); err == nil {
		t.Error("no error")
	}
	var got string
	if _, err := f.Load(&got); err != nil || got != "old" {
		t.Errorf("%q %v", got, err)
	}
}

func FuzzFile(f *testing.F) {
	raw, err := json.Marshal(keys{Values: map[string][]byte{"edgex/v3/x/IsCommonConfigReady": []byte("true")}, Regions: []string{"edgex/v3/x/"}})
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(page{Format: fileFormat, Service: "x", Sum: sum(raw), Content: raw})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":1,"service":"x","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		known := newKeys()
		if _, err := readPage(data, "x", known); err != nil {
			return
		}
		known.complete()
		for _, p := range known.pairs("edgex/") {
			if !bytes.Equal(known.Values[p.Key], p.Value) {
				t.Errorf("%q", p.Key)
			}
		}
	})
}
