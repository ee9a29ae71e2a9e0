package mqtt

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

func decodeSource(t *testing.T, name string, env connector.Env, props map[string]any) (*connector.SourceConfig, error) {
	t.Helper()
	info, err := registry().Source(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Decode(props, env)
}

func TestKubeEdgeConformance(t *testing.T) {
	broker := servers.Mosquitto(t)
	url := "tcp://" + broker.Addr()
	publisher := dial(t, url)
	h := connectortest.Source{
		Acks: true,
		New: func(t *testing.T) connector.Source {
			c, err := decodeSource(t, "kubeedge", connectortest.Quiet(), map[string]any{"datasource": "twin", "server": url, "timeout": "20s"})
			if err != nil {
				t.Fatal(err)
			}
			s, err := c.Open()
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Send: func(t *testing.T, payloads ...string) {
			var last paho.Token
			for _, p := range payloads {
				last = publisher.Publish("$hw/events/device/default/dev1/twin/update", 1, false, p)
			}
			done(t, last)
		},
		Break: func(*testing.T) { broker.Kill() },
		Mend:  func(t *testing.T) { broker.Start(t); publisher = dial(t, url) },
	}
	h.Run(t)
}

func TestKubeEdgeTopics(t *testing.T) {
	for datasource, want := range map[string]string{
		"twin":        "$hw/events/device/+/twin/update $hw/events/device/+/+/twin/update",
		"delta, data": "$hw/events/device/+/twin/update/delta $hw/events/device/+/+/twin/update/delta $ke/events/device/+/data/update $ke/events/device/+/+/data/update",
		"result": "$hw/events/device/+/twin/update/result $hw/events/device/+/+/twin/update/result " +
			"$hw/events/device/+/twin/get/result $hw/events/device/+/+/twin/get/result",
		"$hw/events/device/a/twin/update , state": "$hw/events/device/a/twin/update $hw/events/device/+/state/update $hw/events/device/+/+/state/update",
	} {
		c := KubeEdgeConfig{Datasource: datasource}
		if got := strings.Join(c.filters(), " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", datasource, got, want)
		}
	}
}

func TestKubeEdgeConfigurations(t *testing.T) {
	dir := t.TempDir()
	models := `{"deviceModels":[{"name":"Dev1","properties":[{"name":"Temp","dataType":"int"}]}],"deviceInstances":[{"name":"d","model":"Dev1"}]}`
	for name, text := range map[string]string{"models.json": models, "broken.json": "{"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := connectortest.Quiet()
	e.Files = connector.Files{Dir: dir}
	for _, c := range []struct{ source, datasource, file, format, want string }{
		{"kubeedge", "twin", "", "kubeedge", ""},
		{"kubeedge", "twin", "models.json", "kubeedge", ""},
		{"mqtt", "$hw/events/device/+/twin/update", "", "", ""},
		{"mqtt", "$hw/events/device/+/twin/update", "models.json", "kubeedge-flat", ""},
		{"kubeedge", "twin", "none.json", "", `property "kubeedgeModelFile": read device models: stat ` + filepath.Join(dir, "none.json")},
		{"mqtt", "a", "none.json", "", `property "kubeedgeModelFile": read device models: stat `},
		{"kubeedge", "twin", "broken.json", "", `property "kubeedgeModelFile": read device models: ` + filepath.Join(dir, "broken.json") + ":1: error: "},
		{"mqtt", "a", "/etc/passwd", "", `property "kubeedgeModelFile": file /etc/passwd is outside of the folder for files`},
		{"kubeedge", "a/#/b", "", "", "a/#/b"},
	} {
		props := map[string]any{"datasource": c.datasource, "kubeedgeModelFile": c.file, "kubeedgeVersion": "1.4", "server": "tcp://127.0.0.1:1"}
		conf, err := decodeSource(t, c.source, e, props)
		var types connector.Types
		if err == nil {
			types, err = conf.Types()
		}
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v\n got %v\nwant %s", c, err, c.want)
			}
			continue
		}
		if err != nil || conf.Format != c.format || (types != nil) != (c.file != "") {
			t.Errorf("%+v: format %q, types %v, %v", c, conf.Format, types, err)
		}
		if !slices.ContainsFunc(conf.Warnings, func(w string) bool { return strings.Contains(w, `"kubeedgeVersion" has no effect`) }) {
			t.Errorf("%+v: the warnings are %q", c, conf.Warnings)
		}
		if types == nil {
			continue
		}
		known := map[string]string{"kubeedge": "d", "mqtt": "dev1"}[c.source]
		if types.Properties("", known) == nil {
			t.Errorf("%+v: %s is not known", c, known)
		}
	}
}

// Streams share what was read of a file.
func TestModelFilesAreShared(t *testing.T) {
	e := connectortest.Quiet()
	e.Files = connector.Files{Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(e.Files.Dir, "m.json"), []byte(`{"deviceModels":[{"name":"m"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newModelFiles()
	first, err := f.read("m.json", e)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := f.read(filepath.Join(e.Files.Dir, "m.json"), e); err != nil || again != first {
		t.Error(again, err)
	}
}
