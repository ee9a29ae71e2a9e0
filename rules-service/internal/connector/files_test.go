package connector

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFiles(t *testing.T) {
	top := t.TempDir()
	dir, also, out := filepath.Join(top, "files"), filepath.Join(top, "uploads"), filepath.Join(top, "out")
	for _, d := range []string{dir, also, out} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(out, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(out, "not there"), filepath.Join(dir, "dangling")); err != nil {
		t.Fatal(err)
	}
	f := Files{Dir: dir, Also: []string{also}}
	for name, want := range map[string]string{
		"a.csv":                         filepath.Join(dir, "a.csv"),
		"new/deep/../a.csv":             filepath.Join(dir, "new/a.csv"),
		"":                              dir,
		filepath.Join(also, "b"):        filepath.Join(also, "b"),
		"../uploads/b":                  filepath.Join(also, "b"),
		"../out/b":                      "",
		"../files2/b":                   "",
		"..":                            "",
		"link/b":                        "",
		"plain/b":                       filepath.Join(dir, "plain/b"), // whoever opens it tells
		filepath.Join(out, "b"):         "",
		"/etc/passwd":                   "",
		filepath.Join(dir, "../../etc"): "",
	} {
		got, err := f.Path(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
		var permanent *Permanent
		if err != nil && (!errors.As(err, &permanent) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "AllowExternal")) {
			t.Errorf("%q: the error does not say what to do: %v", name, err)
		}
	}
	if got, err := f.Path("dangling"); err == nil {
		t.Error("a link leads out:", got)
	}
	f.External, f.Own = true, top
	if got, err := f.Path("/etc/passwd"); err != nil || got != "/etc/passwd" {
		t.Error(got, err)
	}
	for _, name := range []string{filepath.Join(top, "token"), "../sluice.db", "link/b"} {
		if got, err := f.Path(name); err == nil || !strings.Contains(err.Error(), "is one of the service itself") {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"a.csv", "../uploads/b"} {
		if _, err := f.Path(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
