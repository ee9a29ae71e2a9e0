package containers

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// largest is what an image may weigh when it is pulled.
const largest = 30_000_000

// largestDevice is what a program for devices may weigh, unpacked: more, and the
// linker keeps methods by their names for something.
const largestDevice = 20_000_000

var programs = []string{"boxpart", "device-modbus", "device-opcua", "rules-service", "sluice"}

// TestReproducible builds the images once more: not a byte differs.
func TestReproducible(t *testing.T) {
	t.Parallel()
	first := filepath.Join(need(t).dir, "images")
	second := t.TempDir()
	if text, err := makeImages(second, "host", tag); err != nil {
		t.Fatalf("make images: %v\n%s", err, text)
	}
	names := []string{"oci/index.json"}
	for _, p := range programs {
		names = append(names, "host/"+p+".tar")
	}
	for _, name := range names {
		a, err := os.ReadFile(filepath.Join(first, name))
		b, err2 := os.ReadFile(filepath.Join(second, name))
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs from build to build", name)
		}
	}
}

// TestLoaded looks at what the engine made of the images, and runs each.
func TestLoaded(t *testing.T) {
	e := need(t)
	for _, p := range programs {
		name := "sluice/" + p + ":" + tag
		if got := e.docker(t, "inspect", "-f", "{{.Id}}", name); got != e.docker(t, "inspect", "-f", "{{.Id}}", "sluice/"+p+":latest") {
			t.Errorf("%s and latest are two images", name)
		}
		version := []string{"--version"}
		if p == "sluice" {
			version = []string{"version", "--client"}
		}
		args := []string{"run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", name}
		if text := e.docker(t, append(args, version...)...); !strings.Contains(text, tag) {
			t.Errorf("%s says it is %q, want %s", name, text, tag)
		}
	}
}

// TestSmallMachines builds the images of 32-bit ARM, the platform that breaks
// first: its ints are small, and it is the slowest to be noticed.
func TestSmallMachines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, err := makeImages(dir, "linux/arm/v7", tag)
	if err != nil {
		t.Fatalf("make images: %v\n%s", err, text)
	}
	t.Log(text)
	for _, p := range programs {
		check(t, filepath.Join(dir, "linux", "arm", "v7", p+".tar"), p)
	}
}

// check reads an archive: its platform, its size, and a static program in it.
func check(t *testing.T, path, program string) {
	t.Helper()
	files := unpack(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > largest {
		t.Errorf("%s has %d bytes, want at most %d", path, info.Size(), largest)
	}
	var manifest []struct {
		Config string
		Layers []string
	}
	var config struct{ Architecture, Variant, OS string }
	parse(t, files["manifest.json"], &manifest)
	parse(t, files[manifest[0].Config], &config)
	if config.OS != "linux" || config.Architecture != "arm" || config.Variant != "v7" {
		t.Errorf("%s is for %+v", path, config)
	}
	content := map[string][]byte{}
	for _, l := range manifest[0].Layers {
		r, err := gzip.NewReader(bytes.NewReader(files[l]))
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range entries(t, r) {
			content[name] = data
		}
	}
	for _, name := range []string{"etc/ssl/certs/ca-certificates.crt", "usr/share/zoneinfo/Europe/Berlin", "etc/passwd"} {
		if len(content[name]) == 0 {
			t.Errorf("%s has no %s", path, name)
		}
	}
	if n := len(content[program]); strings.HasPrefix(program, "device-") && n > largestDevice {
		t.Errorf("%s: %s has %d bytes, want at most %d; go build -ldflags=-dumpdep says <ReflectMethod> to what makes it large", path, program, n, largestDevice)
	}
	binary, err := elf.NewFile(bytes.NewReader(content[program]))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if binary.Machine != elf.EM_ARM || binary.Section(".interp") != nil {
		t.Errorf("%s: the program is for %v, or not static", path, binary.Machine)
	}
}

func unpack(t *testing.T, path string) map[string][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return entries(t, f)
}

func entries(t *testing.T, r io.Reader) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if found[h.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

func parse(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}
