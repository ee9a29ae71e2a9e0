package opcua

import (
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/driver"
	"sluice/profiles"
	"sluice/tests/servers"
)

// profile reads the resources of a profile of this repository.
func profile(t *testing.T, file string) map[string]driver.Resource {
	t.Helper()
	text, err := fs.ReadFile(profiles.OPCUA(), file)
	if err != nil {
		t.Fatal(err)
	}
	var p dtos.DeviceProfile
	if err := yaml.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	resources := map[string]driver.Resource{}
	for _, r := range p.DeviceResources {
		resources[r.Name] = driver.Resource{Name: r.Name, Type: driver.Type(r.Properties.ValueType), Attributes: r.Attributes,
			Readable: r.Properties.ReadWrite != "W", Writable: r.Properties.ReadWrite != "R"}
	}
	return resources
}

// The profiles read what a server of their kind has, write it, and call its
// methods.
func profilesAgainstPeer(t *testing.T, peer *servers.OPCUA) {
	loaded := map[string]any{"recipe": recipe(), "count": 2.0}
	for file, c := range map[string]struct {
		want   map[string]any
		writes map[string]any
		after  map[string]any
	}{
		"plc.yaml": {
			map[string]any{"Force": 125.5, "Setpoint": float32(120), "Strokes": uint32(4711), "Running": true, "Mode": int32(2), "Order": "A-17", "LastStroke": "2026-03-04T12:00:00.25Z",
				"Temperatures": []float32{61.5, 62, 79.25, 60}, "Recipe": recipe(), "Starts": uint32(0), "FirstPart": map[string]any{"serial": uint32(1), "weight": 1.25}},
			map[string]any{"Setpoint": float32(200), "Mode": int32(1), "Order": "A-18", "Start": true, "Load": loaded, "Parts": []any{map[string]any{"serial": 3.0}}},
			map[string]any{"Setpoint": float32(200), "Mode": int32(1), "Order": "A-18", "Starts": uint32(1), "Parts": []any{map[string]any{"serial": uint32(3)}}},
		},
		"cnc.yaml": {
			map[string]any{"OperatingMode": int32(2), "Program": "O1234", "Block": int32(120), "PartCount": uint32(37), "PowerOnTime": uint64(123456),
				"Alarms": []string{"Coolant is low", "Door is open"}, "FeedOverride": 100.0, "SpindleSpeed": 8000.0, "SpindleLoad": float32(41.5),
				"Tool": map[string]any{"serial": uint32(12), "weight": 0.75}, "PositionX": 100.5, "PositionY": 101.5, "PositionZ": 102.5, "LoadX": float32(10), "LoadZ": float32(12)},
			map[string]any{"FeedOverride": 80.0, "PartCount": uint32(0), "SelectProgram": "O7"},
			map[string]any{"FeedOverride": 80.0, "PartCount": uint32(0), "Program": "O7"},
		},
	} {
		t.Run(file, func(t *testing.T) {
			d, resources := newDriver(t, patient), profile(t, file)
			dev := deviceAt("dev", peer.Endpoint())
			var readable []driver.Resource
			for _, r := range resources {
				if r.Readable {
					readable = append(readable, r)
				}
			}
			if err := d.Validate(dev, slices.Collect(maps.Values(resources))); err != nil {
				t.Error(err)
			}
			add(t, d, dev, readable...)
			compare(t, mustRead(t, d, "dev", readable...), c.want)
			for name, v := range c.writes {
				if err := d.Write(t.Context(), "dev", []driver.Write{{Resource: resources[name], Value: v}}); err != nil {
					t.Error(err)
				}
			}
			compare(t, mustRead(t, d, "dev", readable...), c.after)
		})
	}
}

// compare looks for wanted values; no reading may have failed.
func compare(t *testing.T, readings []driver.Reading, want map[string]any) {
	t.Helper()
	for _, r := range readings {
		v, wanted := want[r.Resource]
		if r.Err != nil || wanted && !cmp.Equal(v, r.Value) {
			t.Errorf("%s: %v, %v, want %v", r.Resource, r.Value, r.Err, v)
		}
	}
}
