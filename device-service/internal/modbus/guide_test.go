package modbus

import (
	"os"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/driver"
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
		if strings.HasPrefix(text, "deviceList:") {
			checkDevices(t, text)
			continue
		}
		checkProfile(t, text)
	}
	if blocks != 2 {
		t.Errorf("%d blocks", blocks)
	}
	for _, names := range [][]string{attributes, properties[protocolTCP], properties[protocolRTU]} {
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
