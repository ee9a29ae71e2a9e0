package upstream

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "configuration.yaml")
	read := func(text string) Settings {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := ReadSettings(file, "./data")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if got := read("Writable: {LogLevel: INFO}\n"); got != (Settings{true, "./data", 3 * time.Second}) {
		t.Errorf("defaults: %+v", got)
	}
	if got := read("Autonomy: {Enabled: false, Dir: /state, Patience: 10s}\n"); got != (Settings{false, "/state", 10 * time.Second}) {
		t.Errorf("file: %+v", got)
	}
	t.Setenv("AUTONOMY_ENABLED", "true")
	t.Setenv("AUTONOMY_DIR", "/var/lib/x")
	t.Setenv("AUTONOMY_PATIENCE", "0s")
	if got := read("Autonomy: {Enabled: false, Dir: /state, Patience: 10s}\n"); got != (Settings{true, "/var/lib/x", 0}) {
		t.Errorf("environment: %+v", got)
	}
	if _, err := ReadSettings(filepath.Join(t.TempDir(), "missing.yaml"), "./data"); err != nil {
		t.Errorf("without a file: %v", err)
	}
	t.Setenv("AUTONOMY_PATIENCE", "soon")
	if _, err := ReadSettings(file, "./data"); err == nil || err.Error() != `AUTONOMY_PATIENCE: "soon" is no duration such as "3s"` {
		t.Error(err)
	}
	t.Setenv("AUTONOMY_PATIENCE", "")
	t.Setenv("AUTONOMY_ENABLED", "maybe")
	if _, err := ReadSettings(file, "./data"); err == nil || err.Error() != `AUTONOMY_ENABLED: "maybe" is neither true nor false` {
		t.Error(err)
	}
}

func TestProvider(t *testing.T) {
	for flag, want := range map[string]string{
		"":                              "",
		"consul.http://localhost:8500":  "http://localhost:8500",
		"consul.https://localhost:8500": "", // reaching it needs more than is done here
		"keeper.http://localhost:59890": "",
		"consul.http://localhost":       "",
	} {
		got := Provider(flag)
		if (got == nil) != (want == "") || got != nil && got.String() != want {
			t.Errorf("%q: %v", flag, got)
		}
	}
	t.Setenv("EDGEX_CONFIG_PROVIDER", "consul.http://consul:8501")
	if got := Provider("consul.http://localhost:8500"); got == nil || got.Port() != "8501" {
		t.Errorf("the environment does not win: %v", got)
	}
	t.Setenv("EDGEX_CONFIG_PROVIDER", "none")
	if got := Provider("consul.http://localhost:8500"); got != nil {
		t.Errorf("switched off: %v", got)
	}
}
