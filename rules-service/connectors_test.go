package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Connectors touch their own files, others by choice, and those of the service
// never.
func TestFilesOfConnectors(t *testing.T) {
	dir := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "orders.csv")
	for external, others := range map[string]string{"true": "", "false": "is outside of the folder for files"} {
		f := read(t, map[string]any{"DataDir": dir}, "KUIPER__BASIC__ALLOWEXTERNALFILEACCESS="+external).files()
		for name, want := range map[string]string{
			"orders.csv":                             "",
			filepath.Join(dir, "files", "a", "b"):    "",
			filepath.Join(dir, "uploads", "a.csv"):   "",
			elsewhere:                                others,
			filepath.Join(dir, "token"):              "is one of the service itself",
			"../token":                               "is one of the service itself",
			filepath.Join(dir, "queues", "x", "seg"): "is one of the service itself",
		} {
			path, err := f.Path(name)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("external %s, %s: %s, %v", external, name, path, err)
			}
		}
		if path, err := f.Path("orders.csv"); err != nil || path != filepath.Join(dir, "files", "orders.csv") {
			t.Error(path, err)
		}
	}
}

func TestServerOfHTTPPush(t *testing.T) {
	if s := read(t, nil); s.Push.Address() != "0.0.0.0:10081" {
		t.Error(s.Push)
	}
	s := read(t, nil, "KUIPER__SOURCE__HTTPSERVERIP=10.0.0.1", "KUIPER__SOURCE__HTTPSERVERPORT=80",
		"KUIPER__SOURCE__HTTPSERVERTLS__CERTFILE=c.pem", "KUIPER__SOURCE__HTTPSERVERTLS__KEYFILE=k.pem")
	if s.Push.Address() != "10.0.0.1:80" || s.Push.CertFile != "c.pem" || s.Push.KeyFile != "k.pem" {
		t.Errorf("%+v", s.Push)
	}
}
