package opcua

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/driver"
)

// Each block of the guide is taken as it is, and each property and attribute
// that is taken stands in the guide.
func TestGuide(t *testing.T) {
	b, err := os.ReadFile("../../docs/opcua.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(b)
	seen := map[string]int{}
	var resources []driver.Resource
	var devices []driver.Device
	for _, part := range strings.Split(guide, "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		kind, _, _ := strings.Cut(text, ":")
		seen[kind]++
		switch kind {
		case "deviceList":
			devices = guideDevices(t, text)
		case "name":
			resources = append(resources, guideResources(t, text)...)
		case "OPCUAServer":
			guideSection(t, text)
		case "Device":
			guideDiscovery(t, text)
		default:
			t.Errorf("block %q is not checked", kind)
		}
	}
	if seen["deviceList"] != 1 || seen["name"] < 1 || seen["OPCUAServer"] != 1 || seen["Device"] != 1 {
		t.Errorf("blocks %v", seen)
	}
	d := newDriver(t, Options{PKI: newPKI(t)})
	for _, dev := range devices {
		if err := d.Validate(dev, resources); err != nil {
			t.Errorf("%s: %v", dev.Name, err)
		}
	}
	for _, names := range [][]string{properties, methodAttributes, subscriptionAttributes, eventAttributes, {nodeIDAttribute}, policies} {
		for _, name := range names {
			if !strings.Contains(guide, name) {
				t.Errorf("%s is not in the guide", name)
			}
		}
	}
}

func guideDevices(t *testing.T, text string) []driver.Device {
	t.Helper()
	var file struct {
		DeviceList []struct {
			Name      string
			Protocols map[string]map[string]any
		} `yaml:"deviceList"`
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil || len(file.DeviceList) == 0 {
		t.Fatalf("%d devices, %v", len(file.DeviceList), err)
	}
	var out []driver.Device
	for _, d := range file.DeviceList {
		out = append(out, driver.Device{Name: d.Name, Protocols: d.Protocols})
	}
	return out
}

func guideResources(t *testing.T, text string) []driver.Resource {
	t.Helper()
	var p dtos.DeviceProfile
	if err := yaml.Unmarshal([]byte(text), &p); err != nil || len(p.DeviceResources) == 0 {
		t.Fatalf("%d resources, %v", len(p.DeviceResources), err)
	}
	var out []driver.Resource
	for _, r := range p.DeviceResources {
		out = append(out, driver.Resource{
			Name: r.Name, Type: driver.Type(r.Properties.ValueType), Attributes: r.Attributes,
			Readable: r.Properties.ReadWrite != "W", Writable: r.Properties.ReadWrite != "R",
		})
	}
	return out
}

func guideSection(t *testing.T, text string) {
	t.Helper()
	var raw struct {
		OPCUAServer map[string]any `yaml:"OPCUAServer"`
	}
	if err := yaml.Unmarshal([]byte(text), &raw); err != nil || raw.OPCUAServer["DeviceName"] != "boiler-1" {
		t.Fatalf("%+v, %v", raw, err)
	}
	defaults := Defaults{DeviceName: "boiler-1", Policy: raw.OPCUAServer["Policy"].(string), Mode: raw.OPCUAServer["Mode"].(string)}
	dev := defaults.apply(driver.Device{Name: "boiler-1", Protocols: map[string]map[string]any{Protocol: {"Endpoint": "opc.tcp://plc"}}})
	if _, err := parseTarget(dev, brisk.Timeout); err != nil {
		t.Error(err)
	}
}

func guideDiscovery(t *testing.T, text string) {
	t.Helper()
	var config struct {
		Driver map[string]string `yaml:"Driver"`
	}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if list, err := parseDiscovery(config.Driver); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

// Each piece of JSON in the guide is right: provision watchers are as EdgeX takes
// them.
func TestGuideJSON(t *testing.T) {
	b, err := os.ReadFile("../../docs/opcua.md")
	if err != nil {
		t.Fatal(err)
	}
	watchers := 0
	for _, part := range strings.Split(string(b), "```json\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		var object map[string]any
		if json.Unmarshal([]byte(text), &object) == nil {
			continue
		}
		var list []requests.AddProvisionWatcherRequest // checks them, too
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for _, w := range list {
			for property := range w.ProvisionWatcher.Identifiers {
				if !slices.Contains(properties, property) {
					t.Errorf("%s is no property", property)
				}
			}
			watchers++
		}
	}
	if watchers != 1 {
		t.Errorf("%d provision watchers", watchers)
	}
}
