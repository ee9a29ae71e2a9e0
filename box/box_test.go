package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"
)

// parse returns the flags of a command line.
func parse(t *testing.T, args ...string) flags {
	t.Helper()
	var f flags
	parser, err := kong.New(&f, kong.Vars{"version": version})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f
}

func readYAML(t *testing.T, path string, out any) {
	t.Helper()
	if err := loadYAML(path, out); err != nil {
		t.Fatal(err)
	}
}

func loadYAML(path string, out any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(text, out)
}

func TestConfigurationHasThePorts(t *testing.T) {
	dir := t.TempDir()
	f := parse(t, "--data", dir, "--bus-port=21883", "--metadata-port=21881", "--modbus-sim-port=21502", "--opcua-sim-port=21840", "--rules-port=21720")
	if err := writeConfig(f); err != nil {
		t.Fatal(err)
	}
	var common struct {
		All struct {
			MessageBus struct {
				Port     int    `yaml:"Port"`
				AuthMode string `yaml:"AuthMode"`
			} `yaml:"MessageBus"`
		} `yaml:"all-services"`
		Device struct {
			Clients map[string]struct {
				Port int `yaml:"Port"`
			} `yaml:"Clients"`
		} `yaml:"device-services"`
	}
	readYAML(t, filepath.Join(dir, "common.yaml"), &common)
	if common.All.MessageBus.AuthMode != "none" || common.All.MessageBus.Port != 21883 || common.Device.Clients["core-metadata"].Port != 21881 {
		t.Errorf("common configuration %+v", common)
	}
	var rules struct {
		Rules struct {
			Host    string `yaml:"Host"`
			Port    int    `yaml:"Port"`
			DataDir string `yaml:"DataDir"`
		} `yaml:"Rules"`
	}
	readYAML(t, filepath.Join(dir, "rules-service", "res", "configuration.yaml"), &rules)
	if rules.Rules.Port != 21720 || rules.Rules.Host != "127.0.0.1" || !strings.HasPrefix(rules.Rules.DataDir, dir) {
		t.Errorf("rules configuration %+v", rules)
	}
	for file, want := range map[string]map[string]dtos.ProtocolProperties{
		"device-modbus/res/devices/boiler-1.yaml": {"modbus-tcp": {"Address": "127.0.0.1", "Port": 21502, "UnitID": 1, "Timeout": 5, "IdleTimeout": 5}},
		"device-opcua/res/devices/boiler-2.yaml":  {"opcua": {"Endpoint": "opc.tcp://127.0.0.1:21840"}},
	} {
		var devices struct {
			DeviceList []dtos.Device `yaml:"deviceList"`
		}
		readYAML(t, filepath.Join(dir, file), &devices)
		d := devices.DeviceList[0]
		got, _ := json.Marshal(d.Protocols)
		wanted, _ := json.Marshal(want)
		slow := slices.ContainsFunc(d.AutoEvents, func(e dtos.AutoEvent) bool { return e.Interval != "1s" })
		if !bytes.Equal(got, wanted) || len(d.AutoEvents) == 0 || slow || d.ProfileName == "" {
			t.Errorf("%s: %s, want %s; %+v", file, got, wanted, d)
		}
	}
	for _, file := range []string{"device-modbus/res/profiles/modbus-boiler.yaml", "device-opcua/res/profiles/opcua-boiler.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
}

func TestServicesWriteTheLinesThatAreShown(t *testing.T) {
	for _, level := range []struct {
		args []string
		want string
	}{{nil, "WARN"}, {[]string{"--verbose"}, "INFO"}} {
		f := parse(t, level.args...)
		for _, s := range f.services() {
			if got := s.config(f)["Writable"].(tree)["LogLevel"]; got != level.want {
				t.Errorf("%s with %q logs from %v on, want %s", s.key, level.args, got, level.want)
			}
		}
	}
}

func TestMovedDevice(t *testing.T) {
	var patches []string
	core := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/new"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"statusCode":404}`))
		case r.Method == http.MethodGet:
			_, _ = w.Write([]byte(`{"device":{"protocols":{"opcua":{"Endpoint":"here"}}}}`))
		default:
			body, _ := io.ReadAll(r.Body)
			patches = append(patches, string(body))
			// The service is up at the second try.
			_, _ = fmt.Fprintf(w, `[{"statusCode":%d,"message":"refused"}]`, []int{503, 200, 500}[len(patches)-1])
		}
	}))
	defer core.Close()
	s := &stack{flags: flags{MetadataPort: core.Listener.Addr().(*net.TCPAddr).Port}}
	move := func(name, endpoint string) error {
		return s.moveDevice(context.Background(), name, map[string]tree{"opcua": {"Endpoint": endpoint}})
	}
	if err := move("new", "there"); err != nil || len(patches) != 0 {
		t.Errorf("new device: %v, %s", err, patches)
	}
	if err := move("d", "here"); err != nil || len(patches) != 0 {
		t.Errorf("unmoved device: %v, %s", err, patches)
	}
	if err := move("d", "there"); err != nil || len(patches) != 2 || !strings.Contains(patches[1], `"protocols":{"opcua":{"Endpoint":"there"}}`) {
		t.Errorf("moved device: %v, %s", err, patches)
	}
	if err := move("d", "elsewhere"); err == nil || err.Error() != "device d: refused" {
		t.Errorf("refused device: %v", err)
	}
}

func TestConsoleShowsWarningsUnlessAllIsWanted(t *testing.T) {
	lines := []string{
		`level=INFO ts=2026-01-01T00:00:00Z app=device-modbus msg="started"`,
		`level=WARN ts=2026-01-01T00:00:00Z app=device-modbus msg="slow"`,
		`time=2026-01-01 level=debug msg=x`,
		`time=2026-01-01 level=ERROR msg=broken`,
		`panic: runtime error`,
	}
	for verbose, want := range map[bool]int{false: 3, true: 5} {
		var out bytes.Buffer
		c := &console{out: &out, verbose: verbose}
		for _, l := range lines {
			c.child("device-modbus", l)
		}
		if got := strings.Count(out.String(), "\n"); got != want || !strings.Contains(out.String(), "device-modbus  panic: runtime error\n") {
			t.Errorf("verbose %v: %d lines, want %d:\n%s", verbose, got, want, out.String())
		}
	}
}

func TestPortsAreChecked(t *testing.T) {
	f := parse(t)
	f.BusPort, f.RulesPort = 99999, 0
	const want = "--bus-port=99999 is no port; choose one between 1 and 65535\n--rules-port=0 is no port; choose one between 1 and 65535"
	if err := f.Validate(); err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}

func TestWrongCallsEndBeforeAnythingStarts(t *testing.T) {
	if got := run([]string{"--no-such-flag"}); got != exitFlags {
		t.Errorf("unknown flag: %d", got)
	}
	for _, port := range []string{"99999", "0", "-1", "x"} {
		if got := run([]string{"--bus-port=" + port, "--data", t.TempDir()}); got != exitFlags {
			t.Errorf("port %s: %d", port, got)
		}
	}
	if got := run([]string{"--bin", t.TempDir(), "--data", t.TempDir()}); got != exitBroken {
		t.Errorf("missing services: %d", got)
	}
	bin, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	for _, name := range []string{"device-modbus", "device-opcua", "rules-service"} {
		if err := os.WriteFile(filepath.Join(bin, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if got := run([]string{"--bin", bin, "--data", data, "--rules-port", port}); got != exitPorts {
		t.Errorf("taken port: %d", got)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("something was written although a port is taken")
	}
}

func TestOneBoxForOneFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	unlock, err := lockData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockData(dir); err == nil || !strings.Contains(err.Error(), "another box runs on "+dir) {
		t.Errorf("second box: %v", err)
	}
	unlock()
	again, err := lockData(dir)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
