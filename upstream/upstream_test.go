package upstream

import (
	"os"
	"path/filepath"
	"strings"
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

// TestDocumentedSettings reads the settings of the page and of the samples.
func TestDocumentedSettings(t *testing.T) {
	page, err := os.ReadFile("../device-service/docs/autonomy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the page has no settings")
	}
	documented := filepath.Join(t.TempDir(), "configuration.yaml")
	if err := os.WriteFile(documented, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, dir := range map[string]string{
		documented: "./data",
		"../device-service/cmd/device-modbus/res/configuration.yaml": "./data",
		"../device-service/cmd/device-opcua/res/configuration.yaml":  "./data",
		"../rules-service/res/configuration.yaml":                    "default",
	} {
		got, err := ReadSettings(file, "default")
		if want := (Settings{true, dir, defaultPatience}); err != nil || got != want {
			t.Errorf("%s: %+v, %v", file, got, err)
		}
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
