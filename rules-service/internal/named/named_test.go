package named

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/store"
)

// folder writes files and returns their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string, o Options) (*Book, error) {
	t.Helper()
	st, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return Open(st, builtin.Registry(edgex.Bus{}), o)
}

func mustOpen(t *testing.T, o Options) *Book {
	t.Helper()
	b, err := open(t, t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func want(t *testing.T, got map[string]any, err error, wanted map[string]any) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func refused(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want %q", err, text)
	}
}

var plantFiles = map[string]string{
	"mqtt_source.yaml":             "default:\n  server: tcp://127.0.0.1:1883\n  qos: 1\nPlant:\n  server: tcp://plant:1883\n",
	"sources/edgex.yaml":           "default:\n  type: redis\n  topic: rules-events\n  optional:\n    ClientId: a\nempty:\n",
	"sources/neuron.yaml":          "default:\n  url: x\n",
	"sinks/rest.yaml":              "erp:\n  url: http://erp/alarms\n",
	"connections/connection.yaml":  "edgex:\n  redisMsgBus:\n    server: localhost\n    port: 6379\nmqtt:\n  c1:\n    server: tcp://c1:1883\n",
	"connections/not_a_source.txt": "x",
}

func TestKeysFromFiles(t *testing.T) {
	b := mustOpen(t, Options{Dir: folder(t, plantFiles)})
	got, err := b.Source("mqtt", "default")
	want(t, got, err, map[string]any{"server": "tcp://127.0.0.1:1883", "qos": 1})
	got, err = b.Source("mqtt", "PLANT")
	want(t, got, err, map[string]any{"server": "tcp://plant:1883"})
	got, err = b.Source("edgex", "empty")
	want(t, got, err, map[string]any{})
	got, err = b.Sink("rest", "erp")
	want(t, got, err, map[string]any{"url": "http://erp/alarms"})
	typ, got, err := b.Connection("redisMsgBus")
	want(t, got, err, map[string]any{"server": "localhost", "port": 6379})
	if typ != "edgex" {
		t.Error(typ)
	}
}

func TestTheDefaultKeyAlwaysExists(t *testing.T) {
	got, err := mustOpen(t, Options{}).Source("mqtt", "default")
	want(t, got, err, map[string]any{})
}

func TestUnknownNames(t *testing.T) {
	b := mustOpen(t, Options{Dir: folder(t, plantFiles)})
	_, err := b.Source("mqtt", "plnt")
	refused(t, err, `configuration key plnt of source mqtt is not found; did you mean "plant"?`)
	_, err = b.Sink("mqtt", "x")
	refused(t, err, `configuration key x of sink mqtt is not found; there is none`)
	_, _, err = b.Connection("c2")
	refused(t, err, `connection c2 is not found; did you mean "c1"?`)
}

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"sources/edgex.yaml", "default: 5\n", "edgex.yaml: default must be an object of properties"},
		{"mqtt_source.yaml", "default:\n  a: [\n", "mqtt_source.yaml: yaml: line"},
		{"connections/connection.yaml", "mqtt:\n  c1: x\n", "connection.yaml: mqtt: c1 must be an object of properties"},
		{"sinks/log.yaml", "- a\n", "log.yaml: yaml"},
	} {
		_, err := open(t, t.TempDir(), Options{Dir: folder(t, map[string]string{c.name: c.text})})
		refused(t, err, c.want)
	}
	_, err := open(t, t.TempDir(), Options{Dir: filepath.Join(t.TempDir(), "none")})
	refused(t, err, "it is no folder that can be read")
}

// What nobody can use is told at the start, once for each set.
func TestUnknownPropertiesInFilesAreLogged(t *testing.T) {
	var out bytes.Buffer
	mustOpen(t, Options{Log: slog.New(slog.NewTextHandler(&out, nil)),
		Dir: folder(t, map[string]string{"mqtt_source.yaml": "k1:\n  sever: x\n"})})
	if !strings.Contains(out.String(), `did you mean \"server\"?`) || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("log: %s", out.String())
	}
}

func TestEnvironment(t *testing.T) {
	b := mustOpen(t, Options{Dir: folder(t, plantFiles), Environ: []string{
		"MQTT_SOURCE__DEFAULT__SERVER=tcp://env:1883", "MQTT_SOURCE__K2__CLIENTID=a", "EDGEX__DEFAULT__TOPIC=edgex/rules-events",
		"EDGEX__DEFAULT__OPTIONAL__CLIENTID=b", "EDGEX__DEFAULT__PORT=", "CONNECTION__EDGEX__REDISMSGBUS__PORT=6380",
		"CONNECTION__MQTT__C9__PASSWORD=abc==", "PATH=/bin", "KUIPER__BASIC__DEBUG=true", "edgex__default__topic=lower",
	}})
	got, err := b.Source("mqtt", "default")
	want(t, got, err, map[string]any{"server": "tcp://env:1883", "qos": 1})
	got, err = b.Source("mqtt", "k2")
	want(t, got, err, map[string]any{"clientid": "a"})
	got, err = b.Source("edgex", "default")
	want(t, got, err, map[string]any{"type": "redis", "topic": "edgex/rules-events", "optional": map[string]any{"ClientId": "b"}})
	_, got, err = b.Connection("redismsgbus")
	want(t, got, err, map[string]any{"server": "localhost", "port": "6380"})
}

// R: values with = were dropped without a word; wrong nesting ended the process.
func TestEnvironmentValuesWithEqualsSigns(t *testing.T) {
	b := mustOpen(t, Options{Environ: []string{"CONNECTION__MQTT__C9__PASSWORD=abc==", "MQTT_SOURCE__K__SERVER=[a, b]"}})
	_, got, err := b.Connection("c9")
	want(t, got, err, map[string]any{"password": "abc=="})
	got, err = b.Source("mqtt", "k")
	want(t, got, err, map[string]any{"server": []any{"a", "b"}})
}

func TestEnvironmentWithWrongNesting(t *testing.T) {
	for variable, text := range map[string]string{
		"EDGEX__DEFAULT":                     "EDGEX__DEFAULT: it must name a key and a property, such as EDGEX__DEFAULT__…",
		"MQTT_SOURCE__DEFAULT____SERVER":     "MQTT_SOURCE__DEFAULT____SERVER: it must name a key and a property, such as MQTT_SOURCE__DEFAULT__SERVER",
		"CONNECTION__MQTT__C1":               "CONNECTION__MQTT__C1: it must name a key and a property, such as CONNECTION__MQTT__C1__SERVER",
		"MQTT_SOURCE__DEFAULT__SERVER__HOST": `environment variable MQTT_SOURCE__DEFAULT__SERVER__HOST: property "server" is no object`,
		"EDGEX__DEFAULT__OPTIONAL":           `environment variable EDGEX__DEFAULT__OPTIONAL: property "optional" is an object; name one of its entries`,
	} {
		_, err := open(t, t.TempDir(), Options{Dir: folder(t, plantFiles), Environ: []string{variable + "=x"}})
		refused(t, err, text)
	}
}

func TestStoredKeysSurviveAndWin(t *testing.T) {
	dir, files := t.TempDir(), folder(t, plantFiles)
	b, err := open(t, dir, Options{Dir: files})
	if err != nil {
		t.Fatal(err)
	}
	id := ID{Sources, "mqtt", "plant"}
	if err := b.Put(id, map[string]any{"server": "tcp://stored:1883", "qos": 2.0}); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err = open(t, dir, Options{Dir: files}); err != nil {
		t.Fatal(err)
	}
	got, err := b.Source("mqtt", "plant")
	want(t, got, err, map[string]any{"server": "tcp://stored:1883", "qos": 2.0})
	if diff := cmp.Diff([]ID{id}, b.Stored(Sources)); diff != "" {
		t.Error(diff)
	}
	if err := b.Delete(id); err != nil {
		t.Fatal(err)
	}
	got, err = b.Source("mqtt", "plant")
	want(t, got, err, map[string]any{"server": "tcp://plant:1883"})
	refused(t, b.Delete(id), "comes from a file or the environment; remove it there")
	refused(t, b.Delete(ID{Sources, "mqtt", "x"}), "configuration key x of source mqtt is not found")
}

func TestBadSetsAreRefused(t *testing.T) {
	b := mustOpen(t, Options{Dir: folder(t, plantFiles)})
	for _, c := range []struct {
		id    ID
		props map[string]any
		want  string
	}{
		{ID{Sources, "mqtt", "k"}, map[string]any{"sever": 1}, `unknown property "sever"; did you mean "server"?`},
		{ID{Sources, "mqt", "k"}, nil, `unknown source type "mqt"; did you mean "mqtt"?`},
		{ID{Sinks, "rset", "k"}, nil, `unknown sink type "rset"; did you mean "rest"?`},
		{ID{Connections, "mqt", "k"}, nil, `unknown type of connection "mqt"; did you mean "mqtt"?`},
		{ID{Connections, "mqtt", "k"}, map[string]any{}, `property "server" is missing`},
		{ID{Connections, "mqtt", "k"}, map[string]any{"server": "nowhere"}, "is no URL"},
		{ID{Connections, "mqtt", " "}, map[string]any{}, "the name is empty"},
		{ID{Connections, "mqtt", "redismsgbus"}, map[string]any{}, "connection redismsgbus is of type edgex"},
		{ID{Sources, "mqtt", "k"}, map[string]any{"password": "<secret>"}, `"password" holds the placeholder of a secret`},
	} {
		refused(t, b.Put(c.id, c.props), c.want)
	}
}

// R: passwords came back in clear text.
func TestSecretsAreMaskedAndComeBack(t *testing.T) {
	b := mustOpen(t, Options{})
	id := ID{Sinks, "rest", "erp"}
	props := map[string]any{
		"url": "http://u:hush@erp/x?key=hush&a=1", "headers": map[string]any{"Authorization": "Bearer hush", "X-Plant": "north"},
		"privateKeyRaw": "hush", "certificationPath": "/etc/cert", "timeout": 5.0,
	}
	if err := b.Put(id, props); err != nil {
		t.Fatal(err)
	}
	shown, err := b.Masked(id)
	want(t, shown, err, map[string]any{
		"url": "http://u:<secret>@erp/x?key=<secret>&a=1", "headers": map[string]any{"Authorization": "<secret>", "X-Plant": "north"},
		"privateKeyRaw": "<secret>", "certificationPath": "/etc/cert", "timeout": 5.0,
	})
	shown["timeout"] = 7.0
	if err := b.Put(id, shown); err != nil {
		t.Fatal(err)
	}
	props["timeout"] = 7.0
	got, err := b.Sink("rest", "erp")
	want(t, got, err, props)
	shown["url"] = "http://u:<secret>@elsewhere/x" // whose password would that be?
	refused(t, b.Put(id, shown), `"url" holds the placeholder of a secret`)
}

func TestNamesOfSecretsAreShown(t *testing.T) {
	props := map[string]any{"password": "secret://plant/password", "token": "", "sendSingle": true, "secretNumber": 5.0}
	if diff := cmp.Diff(map[string]any{"password": "secret://plant/password", "token": "", "sendSingle": true, "secretNumber": "<secret>"},
		Mask(props, nil)); diff != "" {
		t.Error(diff)
	}
}

// The order of ekuiper.md 3: default key, named key, connection, own properties.
func TestOrderOfMerging(t *testing.T) {
	b := mustOpen(t, Options{Dir: folder(t, map[string]string{
		"mqtt_source.yaml":            "default:\n  server: tcp://default:1\n  username: default\n  clientid: default\n  qos: 2\nk1:\n  USERNAME: k1\n  connectionSelector: c1\n  clientid: k1\n",
		"connections/connection.yaml": "mqtt:\n  c1:\n    server: tcp://c1:1\n    clientid: c1\n",
	})})
	common, err := b.Source("mqtt", "default")
	if err != nil {
		t.Fatal(err)
	}
	k1, err := b.Source("mqtt", "k1")
	if err != nil {
		t.Fatal(err)
	}
	l := connector.Layers{Type: "mqtt", Fields: b.fields(ID{Sources, "mqtt", ""}), Sets: []map[string]any{common, k1}, Own: map[string]any{"ClientId": "own"}}
	got, connection, err := l.Resolve(b)
	want(t, got, err, map[string]any{"server": "tcp://c1:1", "username": "k1", "clientid": "own", "qos": 2})
	if connection != "c1" {
		t.Error(connection)
	}
	l.Type = "edgex"
	_, _, err = l.Resolve(b)
	refused(t, err, "connection c1 is of type mqtt, not edgex")
}

func FuzzObjects(f *testing.F) {
	for _, text := range plantFiles {
		f.Add([]byte(text))
	}
	f.Add([]byte("1: {2: [3, {4: 2020-01-01}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, err := parseObjects(data)
		if err != nil {
			return
		}
		for _, props := range objects {
			Mask(props, nil)
		}
	})
}

func FuzzEnvironment(f *testing.F) {
	for _, v := range []string{"MQTT_SOURCE__DEFAULT__SERVER=x", "CONNECTION__MQTT__C1__A__B=[c", "EDGEX__=", "EDGEX__A__B"} {
		f.Add(v)
	}
	b := &Book{registry: builtin.Registry(edgex.Bus{})}
	f.Fuzz(func(t *testing.T, variable string) {
		b.given = map[ID]map[string]any{}
		_ = b.readEnvironment([]string{variable, "MQTT_SOURCE__DEFAULT__SERVER=y"})
	})
}
