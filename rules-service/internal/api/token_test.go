package api

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTokenIsMadeOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, path, err := Token(dir)
	if err != nil || len(first) < 20 {
		t.Fatalf("token of %d characters, %v", len(first), err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if second, _, err := Token(dir); err != nil || second != first {
		t.Errorf("another token, %v", err)
	}
	if err := os.WriteFile(path, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Token(dir); err == nil || !strings.Contains(err.Error(), "is empty; delete it") {
		t.Errorf("error %v", err)
	}
}
