package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Token reads the token of the API from its file in dir, and makes both on the
// first start. The path is for the log; the token is not.
func Token(dir string) (token, path string, err error) {
	path = filepath.Join(dir, "token")
	b, err := os.ReadFile(path)
	if err == nil {
		if token = strings.TrimSpace(string(b)); token == "" {
			return "", path, fmt.Errorf("token file %s is empty; delete it to get a new token", path)
		}
		return token, path, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", path, fmt.Errorf("read token: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", path, fmt.Errorf("make token: %w", err)
	}
	token = rand.Text()
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		return "", path, fmt.Errorf("make token: %w", err)
	}
	return token, path, nil
}
