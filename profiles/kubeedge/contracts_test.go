package kubeedge

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"go.yaml.in/yaml/v3"

	"sluice/profiles/edgexfile"
)

// What comes of an import are profiles and devices that EdgeX takes, as files
// and as requests, and no scale is on an integer: EdgeX's SDK would give wrong
// readings, and divide by zero on a write.
func TestEdgeXTakesThem(t *testing.T) {
	for _, g := range goldens(t) {
		_, result, _ := g.convert()
		sources := map[string]bool{}
		for _, p := range result.profiles() {
			checkProfile(t, g.path, p)
			for _, r := range p.DeviceResources {
				sources[p.Name+"/"+r.Name] = true
			}
			for _, c := range p.DeviceCommands {
				sources[p.Name+"/"+c.Name] = true
			}
		}
		for _, d := range result.devices() {
			if err := requests.NewAddDeviceRequest(d).Validate(); err != nil {
				t.Errorf("%s: device %s: %v", g.path, d.Name, err)
			}
			for _, e := range d.AutoEvents {
				if !sources[d.ProfileName+"/"+e.SourceName] {
					t.Errorf("%s: device %s has an auto-event of %s, which its profile has not", g.path, d.Name, e.SourceName)
				}
			}
		}
	}
}

func checkProfile(t *testing.T, path string, p dtos.DeviceProfile) {
	t.Helper()
	if err := requests.NewDeviceProfileRequest(p).Validate(); err != nil {
		t.Errorf("%s: profile %s: %v", path, p.Name, err)
	}
	file, err := edgexfile.Profile(p)
	if err != nil {
		t.Fatal(err)
	}
	var loaded dtos.DeviceProfile
	if err := yaml.Unmarshal(file, &loaded); err != nil || len(loaded.DeviceResources) != len(p.DeviceResources) {
		t.Errorf("%s: profile %s as a file: %v", path, p.Name, err)
	}
	for _, r := range p.DeviceResources {
		kind := r.Properties.ValueType
		if r.Properties.Scale != nil && (strings.HasPrefix(kind, "Int") || strings.HasPrefix(kind, "Uint")) && filepath.Base(path) != "openyurt.txtar" {
			t.Errorf("%s: resource %s: %s has scale %v", path, r.Name, kind, *r.Properties.Scale)
		}
	}
}

// A file of devices has all that was kept, too.
func TestDevicesSurviveFiles(t *testing.T) {
	for _, g := range goldens(t) {
		_, result, _ := g.convert()
		if len(result.Devices) == 0 {
			continue
		}
		file, err := edgexfile.Devices(result.devices())
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range documents(t, file) {
			list, _ := doc["deviceList"].([]any)
			if len(list) != len(result.Devices) {
				t.Fatalf("%s: %d devices of %d", g.path, len(list), len(result.Devices))
			}
			for i, one := range list {
				want, err := treeOf(result.Devices[i].Device)
				if err != nil {
					t.Fatal(err)
				}
				got, _ := one.(map[string]any)
				for _, key := range []string{"properties", "protocols", "tags"} {
					if !equal(got[key], want[key]) {
						t.Errorf("%s: %s of %v are %v, want %v", g.path, key, got["name"], got[key], want[key])
					}
				}
			}
		}
	}
}
