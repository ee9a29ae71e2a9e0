package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/upstream"
)

// coreMetadata answers for its version, or not at all.
type coreMetadata struct {
	answer string
	status int
	asked  int
}

func (c *coreMetadata) RoundTrip(r *http.Request) (*http.Response, error) {
	c.asked++
	if c.status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: c.status, Status: http.StatusText(c.status), Body: io.NopCloser(strings.NewReader(c.answer)), Request: r}, nil
}

func TestCoreVersionIsRemembered(t *testing.T) {
	core := &coreMetadata{}
	var log bytes.Buffer
	v := &coreVersion{base: core, file: upstream.Settings{Dir: t.TempDir()}.File("rules-service", "core-metadata"),
		patience: 50 * time.Millisecond, log: slog.New(slog.NewTextHandler(&log, nil))}
	ask := func(path string) (string, error) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, "http://core-metadata:59881"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := v.RoundTrip(r)
		if err != nil {
			return "", err
		}
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), nil
	}
	const path = "/api/v3/version"
	if got, err := ask(path); err == nil {
		t.Errorf("before the first answer: %q", got)
	}
	core.status, core.answer = http.StatusOK, `{"version":"3.1.1"}`
	if got, err := ask(path); err != nil || got != core.answer {
		t.Errorf("%q %v", got, err)
	}
	for _, core.status = range []int{0, http.StatusInternalServerError} {
		before := core.asked
		if got, err := ask(path); err != nil || got != `{"version":"3.1.1"}` {
			t.Errorf("%q %v", got, err)
		}
		if core.asked == before {
			t.Error("core-metadata was not asked")
		}
	}
	if n := strings.Count(log.String(), "core-metadata is away"); n != 2 {
		t.Errorf("told %d times: %s", n, &log)
	}
	core.status, core.answer = http.StatusOK, `{"version":"3.1.2"}`
	if _, err := ask(path); err != nil {
		t.Error(err)
	}
	core.status = 0
	if got, err := ask(path); err != nil || got != core.answer {
		t.Errorf("an old version: %q %v", got, err)
	}
	if _, err := ask("/api/v3/ping"); err == nil {
		t.Error("something else is answered")
	}
	if err := os.WriteFile(v.file.Path(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ask(path); err == nil || !strings.Contains(log.String(), "is not used") {
		t.Errorf("a damaged file: %q", got)
	}
}

func TestDataDirBeforeTheConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "configuration.yaml")
	if got := dataDir(file); got != "./data" {
		t.Error(got)
	}
	if err := os.WriteFile(file, []byte("Rules: {DataDir: /srv/rules, Port: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := dataDir(file); got != "/srv/rules" {
		t.Error(got)
	}
	t.Setenv("RULES_DATADIR", "/elsewhere")
	if got := dataDir(file); got != "/elsewhere" {
		t.Error(got)
	}
}
