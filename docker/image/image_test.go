package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

var day = time.Unix(1700000000, 0)

func layer(t *testing.T, files ...File) *Layer {
	t.Helper()
	l, err := NewLayer(files, day)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLayer(t *testing.T) {
	program := File{Path: "bin/program", Mode: 0o755, Data: []byte("code")}
	data := Folder("data", 0o700, 2002, 2001)
	l := layer(t, data, program)
	if again := layer(t, program, data); again.Digest != l.Digest {
		t.Error("the order of the files changes the layer")
	}
	if l.Unpacked != 4 || l.Size != int64(len(l.packed)) {
		t.Errorf("sizes %d and %d, want 4 and %d", l.Unpacked, l.Size, len(l.packed))
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(l.packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	if got := digest.FromBytes(content); got != l.Content {
		t.Errorf("content %s, want %s", l.Content, got)
	}
	var got []string
	for r := tar.NewReader(bytes.NewReader(content)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(day) {
			t.Errorf("%s has the time %v", h.Name, h.ModTime)
		}
		got = append(got, fs.FileMode(h.Mode).String()+" "+h.Name)
		if wantOwner := h.Name == "data/"; (h.Uid == 2002 && h.Gid == 2001) != wantOwner {
			t.Errorf("%s belongs to %d:%d", h.Name, h.Uid, h.Gid)
		}
	}
	want := []string{"-rwxr-xr-x bin/", "-rwxr-xr-x bin/program", "-rwx------ data/"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestLayerRefuses(t *testing.T) {
	for want, files := range map[string][]File{
		"no path in an image": {{Path: "/etc/passwd"}},
		"twice":               {{Path: "a"}, {Path: "a"}},
	} {
		if _, err := NewLayer(files, day); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewLayer(%v) = %v, want %q", files, err, want)
		}
	}
}

func sample(t *testing.T) *Image {
	t.Helper()
	i, err := New(Spec{
		Platform: v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}, Created: day,
		Config: v1.ImageConfig{User: "2002:2001", Entrypoint: []string{"/program"}, Labels: map[string]string{v1.AnnotationTitle: "program"}},
		Health: &Health{Test: []string{"CMD", "/program", "--health"}, Interval: 10 * time.Second},
	}, layer(t, File{Path: "etc/passwd", Mode: 0o644, Data: []byte("root")}), layer(t, File{Path: "program", Mode: 0o755, Data: []byte("code")}))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestArchive reads an archive as docker load and ctr image import do.
func TestArchive(t *testing.T) {
	i := sample(t)
	var out, again bytes.Buffer
	if err := errors.Join(WriteArchive(&out, i, "plant/program:1", "plant/program:latest"), WriteArchive(&again, sample(t), "plant/program:1", "plant/program:latest")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Error("the same image makes different archives")
	}
	files := map[string][]byte{}
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	var docker []dockerManifest
	read(t, files["manifest.json"], &docker)
	if d := cmp.Diff([]string{"plant/program:1", "plant/program:latest"}, docker[0].RepoTags); d != "" {
		t.Error(d)
	}
	var c struct {
		Architecture, Variant string
		Config                struct {
			User        string
			Healthcheck Health
		}
		RootFS v1.RootFS `json:"rootfs"`
	}
	read(t, files[docker[0].Config], &c)
	if c.Architecture != "arm" || c.Variant != "v7" || c.Config.User != "2002:2001" || c.Config.Healthcheck.Interval != 10*time.Second {
		t.Errorf("configuration %+v", c)
	}
	for n, name := range docker[0].Layers {
		if digest.FromBytes(files[name]).Encoded() != filepath.Base(name) || c.RootFS.DiffIDs[n] != i.Layers[n].Content {
			t.Errorf("layer %d is not what its name says", n)
		}
	}
	var index v1.Index
	read(t, files["index.json"], &index)
	if len(index.Manifests) != 2 || index.Manifests[0].Digest != i.Digest || files[blobPath(i.Digest)] == nil {
		t.Errorf("index %+v, want two names of %s", index.Manifests, i.Digest)
	}
}

func TestLayout(t *testing.T) {
	dir := t.TempDir()
	l := NewLayout(dir)
	name, err := l.Add("plant/program:1", sample(t))
	if err == nil {
		_, err = l.Add("plant/other:1", sample(t)) // shares its blobs
	}
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	var top, images v1.Index
	read(t, file(t, dir, "index.json"), &top)
	if len(top.Manifests) != 2 || top.Manifests[0].Digest.String() != name || top.Manifests[0].Annotations[v1.AnnotationRefName] != "plant/program:1" {
		t.Fatalf("index %+v", top)
	}
	read(t, file(t, dir, blobPath(top.Manifests[0].Digest)), &images)
	var m v1.Manifest
	read(t, file(t, dir, blobPath(images.Manifests[0].Digest)), &m)
	for _, d := range append(m.Layers, m.Config) {
		if got := digest.FromBytes(file(t, dir, blobPath(d.Digest))); got != d.Digest {
			t.Errorf("blob %s is %s", d.Digest, got)
		}
	}
	if images.Manifests[0].Platform.Variant != "v7" {
		t.Errorf("platform %+v", images.Manifests[0].Platform)
	}
}

func TestTree(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "lib"), 0o700), os.WriteFile(filepath.Join(dir, "lib", "a"), []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	got, err := Tree(dir, "usr")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]File{{Path: "usr/lib/a", Mode: 0o644, Data: []byte("x")}}, got); d != "" {
		t.Error(d)
	}
}

func read(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

func file(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
