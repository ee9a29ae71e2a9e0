package profiles

import (
	"io/fs"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"
)

func read(t *testing.T, pattern string) map[string][]byte {
	t.Helper()
	names, err := fs.Glob(Boilerhouse(), pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("nothing matches %s", pattern)
	}
	texts := map[string][]byte{}
	for _, n := range names {
		if texts[n], err = fs.ReadFile(Boilerhouse(), n); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

func TestProfilesAndDevicesFitTogether(t *testing.T) {
	sources := map[string]bool{} // profile/command or resource
	for name, text := range read(t, "*/profiles/*.yaml") {
		var p dtos.DeviceProfile
		if err := yaml.Unmarshal(text, &p); err != nil { // checks the profile too
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, r := range p.DeviceResources {
			sources[p.Name+"/"+r.Name] = true
		}
		for _, c := range p.DeviceCommands {
			sources[p.Name+"/"+c.Name] = true
		}
	}
	for name, text := range read(t, "*/devices/*.yaml") {
		var file struct {
			DeviceList []dtos.Device `yaml:"deviceList"`
		}
		if err := yaml.Unmarshal(text, &file); err != nil || len(file.DeviceList) == 0 {
			t.Errorf("%s: %d devices, %v", name, len(file.DeviceList), err)
		}
		for _, d := range file.DeviceList {
			for _, e := range d.AutoEvents {
				if !sources[d.ProfileName+"/"+e.SourceName] {
					t.Errorf("%s: device %s has an auto-event of %s, which profile %s has not", name, d.Name, e.SourceName, d.ProfileName)
				}
			}
		}
	}
}

// Every profile is one that EdgeX takes.
func TestProfilesOfModbus(t *testing.T) { checkProfiles(t, Modbus()) }

func TestProfilesOfOPCUA(t *testing.T) { checkProfiles(t, OPCUA()) }

func checkProfiles(t *testing.T, folder fs.FS) {
	t.Helper()
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		var p dtos.DeviceProfile
		if err := yaml.Unmarshal(text, &p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
