package opcua

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"sluice/device-service/internal/driver"
	"sluice/profiles/kubeedge"
)

// The driver takes every OPC UA device that comes of an import of KubeEdge's.
func TestKubeEdgeDevicesAreTaken(t *testing.T) {
	paths, err := filepath.Glob("../../../profiles/kubeedge/testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var files []kubeedge.File
		for _, f := range archive.Files {
			if name, ok := strings.CutPrefix(f.Name, "in/"); ok {
				files = append(files, kubeedge.File{Name: name, Data: f.Data})
			}
		}
		set, findings := kubeedge.Read(files...)
		if findings.Errors() != nil {
			continue
		}
		result, _ := kubeedge.Convert(set, kubeedge.Options{})
		for _, one := range result.Devices {
			properties, ok := one.Protocols["opcua"]
			if !ok {
				continue
			}
			i := slices.IndexFunc(result.Profiles, func(p kubeedge.Profile) bool { return p.Name == one.ProfileName })
			var resources []driver.Resource
			for _, r := range result.Profiles[i].DeviceResources {
				if r.Attributes["virtual"] == true { // which never reaches a driver
					continue
				}
				resources = append(resources, driver.Resource{Name: r.Name, Type: driver.Type(r.Properties.ValueType), Attributes: r.Attributes, Readable: true})
			}
			dev := driver.Device{Name: one.Name, Protocols: map[string]map[string]any{"opcua": properties}}
			if err := New(brisk).Validate(dev, resources); err != nil {
				t.Errorf("%s: %s: %v", path, one.Name, err)
			}
			taken++
		}
	}
	if taken < 3 {
		t.Errorf("only %d devices", taken)
	}
}
