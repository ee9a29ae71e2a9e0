package modbus

import (
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/driver"
	"sluice/profiles"
)

// Each block of the guide is a device file or a profile that is taken as it is,
// and each property and attribute that is taken stands in the guide.
func TestGuide(t *testing.T) {
	b, err := os.ReadFile("../../docs/modbus.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(b)
	blocks := 0
	for _, part := range strings.Split(guide, "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		blocks++
		switch {
		case strings.HasPrefix(text, "deviceList:"):
			checkDevices(t, text)
		case strings.HasPrefix(text, "Device:"):
			checkScan(t, text)
		default:
			checkProfile(t, text)
		}
	}
	if blocks != 3 {
		t.Errorf("%d blocks", blocks)
	}
	files, err := fs.Glob(profiles.Modbus(), "*.yaml")
	for _, file := range files {
		if !strings.Contains(guide, "`modbus/"+file+"`") {
			t.Errorf("%s is not in the guide", file)
		}
	}
	if err != nil || len(files) == 0 {
		t.Errorf("%d profiles, %v", len(files), err)
	}
	_, watchers, _ := strings.Cut(guide, "```json\n")
	watchers, _, _ = strings.Cut(watchers, "```")
	var list []requests.AddProvisionWatcherRequest
	if err := json.Unmarshal([]byte(watchers), &list); err != nil || len(list) != 1 { // the request checks itself
		t.Errorf("%d provision watchers, %v", len(list), err)
	}
	for _, names := range [][]string{attributes, properties[protocolTCP], properties[protocolRTU], scanKeys} {
		for _, name := range names {
			if !strings.Contains(guide, name) {
				t.Errorf("%s is not in the guide", name)
			}
		}
	}
}

func checkDevices(t *testing.T, text string) {
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
	for _, d := range file.DeviceList {
		if _, err := parseProtocols(d.Protocols); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}

func checkScan(t *testing.T, text string) {
	t.Helper()
	var file struct {
		Driver map[string]string `yaml:"Driver"`
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	if s, err := parseScan(file.Driver); err != nil || len(s.endpoints) != 265 || len(s.units) != 10 {
		t.Errorf("%d endpoints, %d units, %v", len(s.endpoints), len(s.units), err)
	}
}

func checkProfile(t *testing.T, text string) {
	t.Helper()
	var p dtos.DeviceProfile
	if err := yaml.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	for _, r := range p.DeviceResources {
		if _, err := parseAddress(driver.Resource{Name: r.Name, Type: driver.Type(r.Properties.ValueType), Attributes: r.Attributes}, addressing{}); err != nil {
			t.Error(err)
		}
	}
}
