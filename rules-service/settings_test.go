package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/operations.md")

func read(t *testing.T, raw map[string]any, environ ...string) *settings {
	t.Helper()
	s, _, err := readSettings(raw, environ)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func shownOf(s *settings) map[string]string {
	all := map[string]string{}
	for i := range keys {
		all[keys[i].name] = keys[i].shown(s)
	}
	return all
}

func TestDefaults(t *testing.T) {
	t.Setenv("EDGEX_SECURITY_SECRET_STORE", "false")
	s := read(t, nil)
	if s.address() != "127.0.0.1:59720" || s.DataDir != "./data" || s.protected() || s.Zone != time.Local {
		t.Errorf("%+v", s)
	}
}

// The sample says what counts without it, and leaves nothing out.
func TestSampleConfiguration(t *testing.T) {
	text, err := os.ReadFile("res/configuration.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	sample, ok := file["Rules"].(map[string]any)
	if !ok {
		t.Fatal("the sample has no section Rules")
	}
	if diff := cmp.Diff(shownOf(defaultSettings()), shownOf(read(t, sample))); diff != "" {
		t.Errorf("the sample differs from the defaults (-default +sample):\n%s", diff)
	}
	for _, k := range keys {
		if strings.HasPrefix(k.name, "Rule.") || strings.HasPrefix(k.name, "Sink.") {
			continue // the sample shows some of them, docs/operations.md all
		}
		var at any = sample
		for name := range strings.SplitSeq(k.name, ".") {
			level, _ := at.(map[string]any)
			var ok bool
			if at, ok = level[name]; !ok {
				t.Errorf("the sample lacks Rules.%s", k.name)
			}
		}
	}
}

// other is a text for a key that is not its default.
func other(k *key) string {
	switch f := k.field(defaultSettings()).(type) {
	case *bool:
		return fmt.Sprint(!*f)
	case *int:
		return fmt.Sprint(*f + 1)
	case *int64:
		return "3MiB"
	case *time.Duration:
		return "7s"
	case **time.Location:
		return "Asia/Tokyo"
	case entry:
		return map[kind]string{text: "v2", boolean: "true", integer: "1", number: "0.5", duration: "7s"}[f.kind]
	}
	switch k.name {
	case "LogLevel":
		return "error"
	case "LogFormat":
		return "json"
	case "Authentication":
		return "true"
	case "AESKey":
		return "secret://aes/key"
	}
	return "elsewhere"
}

// Every key is read from the section and from each of its variables, and has an
// effect on nothing else.
func TestEveryKeyIsRead(t *testing.T) {
	for i := range keys {
		k := &keys[i]
		want := shownOf(defaultSettings())
		value := other(k)
		s := defaultSettings()
		if err := k.set(s, value); err != nil {
			t.Fatal(err)
		}
		want[k.name] = k.shown(s)
		if want[k.name] == k.shown(defaultSettings()) {
			t.Errorf("%s: %s changes nothing", k.name, value)
		}
		if strings.HasPrefix(k.name, "RestTLS.") || k.name == "HTTPServer.CertFile" || k.name == "HTTPServer.KeyFile" {
			continue // one alone is refused: see TestBadSettings
		}
		if k.name == "LogLevel" {
			want[k.name] = "ERROR"
		}
		var nested any = value
		levels := strings.Split(k.name, ".")
		for j := len(levels) - 1; j >= 0; j-- {
			nested = map[string]any{levels[j]: nested}
		}
		if diff := cmp.Diff(want, shownOf(read(t, nested.(map[string]any)))); diff != "" {
			t.Errorf("section, %s:\n%s", k.name, diff)
		}
		for _, variable := range k.variables() {
			if diff := cmp.Diff(want, shownOf(read(t, nil, variable+"="+value))); diff != "" {
				t.Errorf("%s:\n%s", variable, diff)
			}
		}
	}
}

func TestEnvironmentNamesOfEKuiper(t *testing.T) {
	s := read(t, map[string]any{"Port": 2}, "KUIPER__BASIC__RESTIP=0.0.0.0", "KUIPER__BASIC__RESTPORT=9081", "RULES_PORT=1", "KUIPER__BASIC__DEBUG=true",
		"KUIPER__RULE__RESTARTSTRATEGY__ATTEMPTS=3", "kuiper__rule__qos=1", "RULES_DATADIR=/var/lib/a=b", "RULES_HOST=", "OTHER=x", "=C:=x")
	if s.address() != "0.0.0.0:9081" || !s.protected() || s.LogLevel != "DEBUG" || s.DataDir != "/var/lib/a=b" {
		t.Errorf("%+v", s)
	}
	if diff := cmp.Diff(map[string]any{"restartStrategy": map[string]any{"attempts": 3}, "qos": 1}, s.Options); diff != "" {
		t.Error(diff)
	}
}

func TestVariablesWithoutEffect(t *testing.T) {
	_, notes, err := readSettings(nil, []string{"KUIPER__BASIC__CONSOLELOG=true", "KUIPER__STORE__REDIS__HOST=x", "KUIPER__BASIC__ROTATETIME=24"})
	want := []string{
		"KUIPER__STORE__REDIS__HOST has no effect: definitions and states are kept in DataDir",
		"KUIPER__BASIC__ROTATETIME has no effect: the log goes to the standard output",
		"KUIPER__BASIC__CONSOLELOG has no effect: the log goes to the standard output",
	}
	if diff := cmp.Diff(want, notes); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, e := range ineffective {
		if e.reason == "" || strings.ToUpper(e.prefix) != e.prefix {
			t.Errorf("%+v", e)
		}
	}
	// What a cluster tells of other services is not for us.
	if _, notes, err := readSettings(nil, []string{"RULES_SERVICE_SERVICE_HOST=10.0.0.1", "RULES_SECRET_PLANT_PASSWORD=x"}); err != nil || len(notes) > 0 {
		t.Error(notes, err)
	}
}

func TestProtection(t *testing.T) {
	for _, c := range []struct {
		host, authentication, store string
		want                        bool
	}{
		{"127.0.0.1", "", "false", false}, {"localhost", "", "false", false}, {"::1", "", "false", false},
		{"0.0.0.0", "", "false", true}, {"10.0.0.1", "", "false", true}, {"plant.example", "", "false", true},
		{"0.0.0.0", "false", "false", false}, {"127.0.0.1", "true", "false", true},
		{"127.0.0.1", "", "true", true}, {"127.0.0.1", "false", "true", false},
	} {
		t.Setenv("EDGEX_SECURITY_SECRET_STORE", c.store)
		s := read(t, map[string]any{"Host": c.host, "Authentication": c.authentication})
		if s.protected() != c.want {
			t.Errorf("%+v: protected %v", c, s.protected())
		}
	}
}

func TestBadSettings(t *testing.T) {
	for entry, want := range map[string]string{
		"KUIPER__BASIC__RESTPORT=http":         `environment variable KUIPER__BASIC__RESTPORT: "http" must be a whole number`,
		"RULES_PORT=70000":                     `Rules.Port: 70000 is no port`,
		"RULES_AUTHENTICATION=off":             `Rules.Authentication: "off" must be "true", "false" or "" (on, off, or on off loopback)`,
		"KUIPER__BASIC__RESTPROT=1":            `environment variable KUIPER__BASIC__RESTPROT: unknown; did you mean KUIPER__BASIC__RESTPORT?`,
		"KUIPER__NONSENSE=1":                   `environment variable KUIPER__NONSENSE: unknown; remove it`,
		"RULES_DATADIRS=x":                     `environment variable RULES_DATADIRS: unknown; did you mean RULES_DATADIR?`,
		"RULES_QUEUES_MAXBYTES=lots":           `environment variable RULES_QUEUES_MAXBYTES: "lots" must be bytes, such as 1048576 or "64MiB"`,
		"RULES_QUEUES_MAXAGE=old":              `environment variable RULES_QUEUES_MAXAGE: "old" must be a time such as "10s", or milliseconds`,
		"KUIPER__BASIC__TIMEZONE=Mars/Olympus": `environment variable KUIPER__BASIC__TIMEZONE: "Mars/Olympus" is no time zone of this machine; write Local, UTC or a name such as Europe/Berlin`,
		"KUIPER__BASIC__LOGLEVEL=loud":         `Rules.LogLevel: "loud" is no level; write trace, debug, info, warn or error`,
		"RULES_LOGFORMAT=xml":                  `Rules.LogFormat: "xml" must be "text" or "json"`,
		"RULES_RESTTLS_CERTFILE=c.pem":         `Rules.RestTLS: CertFile and KeyFile belong together; give both or none`,
		"RULES_HTTPSERVER_KEYFILE=k.pem":       `Rules.HTTPServer: CertFile and KeyFile belong together; give both or none`,
		"KUIPER__SOURCE__HTTPSERVERPORT=65536": `Rules.HTTPServer.Port: 65536 is no port`,
		"KUIPER__RULE__QOS=-1":                 `Rules.Rule: options of rules: qos must be a whole number of at least 0, not -1`,
		"RULES_GRACEFULSHUTDOWNTIMEOUT=0":      `Rules.GracefulShutdownTimeout: 0s is no time to end in`,
	} {
		if _, _, err := readSettings(nil, []string{entry}); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", entry, err, want)
		}
	}
	for key, want := range map[string]string{
		"Prot":   `configuration key Rules.Prot: unknown; did you mean Port?`,
		"Sudoku": `configuration key Rules.Sudoku: unknown; see the list in docs/operations.md`,
		"Port":   `configuration key Rules.Port: "x" must be a whole number`,
	} {
		if _, _, err := readSettings(map[string]any{key: "x"}, nil); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", key, err, want)
		}
	}
	if _, _, err := readSettings(map[string]any{"Rule": map[string]any{"RestartStrategy": map[string]any{"Delai": 1}}}, nil); err == nil ||
		err.Error() != "configuration key Rules.Rule.RestartStrategy.Delai: unknown; did you mean Rule.RestartStrategy.Delay?" {
		t.Error(err)
	}
}

func FuzzSettings(f *testing.F) {
	f.Add("KUIPER__BASIC__RESTPORT", "1")
	f.Add("RULES_QUEUES_MAXBYTES", "9223372036854775807TiB")
	f.Fuzz(func(t *testing.T, name, value string) {
		s, _, err := readSettings(map[string]any{name: value}, []string{name + "=" + value})
		if err == nil && (s.Port < 0 || s.QueueBytes < 0 || s.Shutdown <= 0) {
			t.Errorf("%s=%s: %+v", name, value, s)
		}
	})
}
