package drivertest

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"sluice/device-service/internal/driver"
	"sluice/profiles/kubeedge"
)

// KubeEdge has a driver validate each device with one of its protocols that
// comes of an import of KubeEdge's golden files: at least so many.
func KubeEdge(t *testing.T, d driver.Driver, least int, protocols ...string) {
	t.Helper()
	paths, err := filepath.Glob("../../../profiles/kubeedge/testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, path := range paths {
		result := imported(t, path)
		for _, one := range result.Devices {
			dev := driver.Device{Name: one.Name, Protocols: map[string]map[string]any{}}
			ours := false
			for name, properties := range one.Protocols {
				dev.Protocols[name] = properties
				ours = ours || slices.Contains(protocols, name)
			}
			if !ours {
				continue
			}
			i := slices.IndexFunc(result.Profiles, func(p kubeedge.Profile) bool { return p.Name == one.ProfileName })
			if err := d.Validate(dev, resourcesOf(t, result.Profiles[i])); err != nil {
				t.Errorf("%s: %s: %v", path, one.Name, err)
			}
			taken++
		}
	}
	if taken < least {
		t.Errorf("only %d devices", taken)
	}
}

// imported is what becomes of a golden file; nothing, of one with mistakes.
func imported(t *testing.T, path string) (result kubeedge.Result) {
	t.Helper()
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
	if findings.Errors() == nil {
		result, _ = kubeedge.Convert(set, kubeedge.Options{})
	}
	return result
}

// resourcesOf are those of a profile that reach a driver, as a device service
// has them from core-metadata.
func resourcesOf(t *testing.T, p kubeedge.Profile) (list []driver.Resource) {
	t.Helper()
	var profile struct {
		DeviceResources []struct {
			Name       string
			Attributes map[string]any
			Properties struct{ ValueType, ReadWrite string }
		}
	}
	b, err := json.Marshal(p.DeviceProfile)
	if err == nil {
		err = json.Unmarshal(b, &profile)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range profile.DeviceResources {
		if r.Attributes["virtual"] != true {
			list = append(list, driver.Resource{Name: r.Name, Type: driver.Type(r.Properties.ValueType), Attributes: r.Attributes,
				Readable: r.Properties.ReadWrite != "W", Writable: r.Properties.ReadWrite != "R"})
		}
	}
	return list
}
