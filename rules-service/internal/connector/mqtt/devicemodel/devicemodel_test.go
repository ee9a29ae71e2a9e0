package devicemodel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const profile = `{"deviceInstances":[{"id":"dev1","name":"dev1","protocol":"modbus-dev1","model":"m"},{"id":"lost","name":"lost","model":"none"}],
 "deviceModels":[{"name":"m","properties":[{"name":"Temp","dataType":"Float","accessMode":"ReadOnly"},{"name":"on","dataType":"bool"}]}]}`

const objects = `apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: {name: boiler}
spec: {properties: [{name: temperature, type: FLOAT}, {name: state, type: BOOLEAN}]}
---
apiVersion: devices.kubeedge.io/v1alpha2
kind: DeviceModel
metadata: {name: pump, namespace: plant}
spec: {properties: [{name: speed, type: {int: {accessMode: ReadOnly}}}]}
---
apiVersion: devices.kubeedge.io/v1alpha2
kind: Device
metadata: {name: boiler-1, namespace: plant}
spec: {deviceModelRef: {name: pump}}
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: {name: boiler-1}
spec: {deviceModelRef: {name: boiler}}
---
apiVersion: devices.kubeedge.io/v1alpha2
kind: Device
metadata: {name: pump-1, namespace: plant}
spec: {deviceModelRef: {name: pump}}
`

// configMap is the profile as KubeEdge before 1.15 has it for a node.
func configMap() string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: device-profile-config-edge1, namespace: plant}\ndata:\n  deviceProfile.json: |\n    " +
		strings.ReplaceAll(profile, "\n", "\n    ") + "\n"
}

func parse(t *testing.T, text string) *Models {
	t.Helper()
	m, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestProperties(t *testing.T) {
	for _, c := range []struct{ text, namespace, device, want string }{
		{profile, "", "dev1", "map[Temp:float on:bool]"},
		{profile, "any", "dev1", "map[Temp:float on:bool]"}, // the file tells no namespace
		{profile, "", "M", "map[Temp:float on:bool]"},       // the model's name
		{profile, "any", "m", "map[Temp:float on:bool]"},
		{profile, "", "lost", "map[]"},
		{profile, "", "dev2", "map[]"},
		{objects, "default", "boiler-1", "map[state:boolean temperature:float]"},
		{objects, "", "boiler-1", "map[state:boolean temperature:float]"}, // that of the namespace default
		{objects, "plant", "boiler-1", "map[speed:int]"},
		{objects, "", "pump-1", "map[speed:int]"},
		{objects, "default", "pump-1", "map[]"},
		{configMap(), "plant", "dev1", "map[Temp:float on:]"},
		{`{"deviceModels":[{"name":"device1","properties":[{"name":"temperature","dataType":"int"}]}]}`, "", "device1", "map[temperature:int]"},
	} {
		if got := fmt.Sprint(parse(t, c.text).Properties(c.namespace, c.device)); got != c.want {
			t.Errorf("%s/%s: got %s, want %s", c.namespace, c.device, got, c.want)
		}
	}
}

func TestLiteral(t *testing.T) {
	l := Literal{parse(t, profile)}
	if got := fmt.Sprint(l.Properties("", "M")); got != "map[on:bool temp:float]" {
		t.Error(got)
	}
	if got := l.Properties("", "dev1"); got != nil {
		t.Errorf("an instance is no model, yet it has %v", got)
	}
}

func TestWhatHasNoModels(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "f: there are no device models",
		"{}":                     "f:1: error: ",
		"a: [":                   "f:1: error: ",
		`{"deviceModels":[]}`:    "f: there are no device models",
		"kind: Pod\nspec: {}\n":  "f:1: error: ",
		`{"deviceModels":"five"`: "f:1: error: ",
	} {
		if _, err := Parse("f", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestFileIsReadWhenItHasChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "models.json")
	f := File{Path: path}
	if _, err := f.Read(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	write := func(text string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	write(profile, now)
	first, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := f.Read(); err != nil || again != first {
		t.Errorf("the same file was read twice: %v", err)
	}
	write(strings.ReplaceAll(profile, "Float", "int  "), now.Add(time.Second))
	if m, err := f.Read(); err != nil || m == first || m.Properties("", "dev1")["Temp"] == "float" {
		t.Errorf("the change was not seen: %v", err)
	}
	write("{", now.Add(2*time.Second))
	if _, err := f.Read(); err == nil {
		t.Error("a broken file was taken")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{profile, objects, configMap(), "{", "- a", `{"deviceModels":[null,{}],"deviceInstances":[{}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse("f", data)
		if err != nil {
			return
		}
		for name := range m.models {
			if m.Properties("", name) == nil && m.named[name] == nil {
				t.Fatalf("model %q has gone", name)
			}
		}
	})
}
