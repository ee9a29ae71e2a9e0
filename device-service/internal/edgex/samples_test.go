package edgex

import (
	"log/slog"
	"os"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/modbus"
	"sluice/device-service/internal/opcua"
)

// TestSamples checks the profiles and devices that come with the services as
// core-metadata would have them checked.
func TestSamples(t *testing.T) {
	for service, drv := range map[string]driver.Driver{
		"device-modbus": modbus.New(slog.New(slog.DiscardHandler), modbus.Options{}),
		"device-opcua":  opcua.New(opcua.Options{}),
	} {
		t.Run(service, func(t *testing.T) {
			var profile dtos.DeviceProfile
			readYAML(t, "../../cmd/"+service+"/res/profiles/boiler.yaml", &profile)
			if err := profile.Validate(); err != nil {
				t.Error(err)
			}
			var list struct {
				Devices []dtos.Device `yaml:"deviceList"`
			}
			readYAML(t, "../../cmd/"+service+"/res/devices/boiler.yaml.example", &list)
			if len(list.Devices) != 1 {
				t.Fatalf("%d devices", len(list.Devices))
			}
			p, d := dtos.ToDeviceProfileModel(profile), dtos.ToDeviceModel(list.Devices[0])
			if d.ProfileName != p.Name {
				t.Errorf("device has profile %q, want %q", d.ProfileName, p.Name)
			}
			for _, err := range checkProfile(p) {
				t.Error(err)
			}
			for _, err := range checkAutoEvents(p, d.AutoEvents) {
				t.Error(err)
			}
			var resources []driver.Resource
			for _, r := range p.DeviceResources {
				resources = append(resources, toResource(r))
			}
			if err := drv.Validate(toDevice(d), resources); err != nil {
				t.Error(err)
			}
			if err := drv.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A profile written for device-modbus-go is taken as it is.
func TestExistingProfile(t *testing.T) {
	var profile dtos.DeviceProfile
	readYAML(t, "../modbus/testdata/existing/profile.yaml", &profile)
	if err := profile.Validate(); err != nil {
		t.Error(err)
	}
	p := dtos.ToDeviceProfileModel(profile)
	for _, err := range checkProfile(p) {
		t.Error(err)
	}
	for _, c := range p.DeviceCommands {
		if _, err := newSource(p, c.Name); err != nil {
			t.Error(err)
		}
	}
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
