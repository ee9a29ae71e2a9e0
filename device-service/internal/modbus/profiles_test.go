package modbus

import (
	"io/fs"
	"math"
	"reflect"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/driver"
	"sluice/profiles"
)

// profile reads the resources of a profile of this repository.
func profile(t *testing.T, file string) map[string]driver.Resource {
	t.Helper()
	text, err := fs.ReadFile(profiles.Modbus(), file)
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

// The profiles read what a device of their kind has, and write it.
func TestProfilesAgainstSimulator(t *testing.T) {
	float := func(v float32) []uint16 { n := math.Float32bits(v); return []uint16{uint16(n >> 16), uint16(n)} }
	for file, c := range map[string]struct {
		table     int // 0: input, 1: holding
		registers map[int][]uint16
		want      map[string]any // before EdgeX's scale
		writes    map[string]any
		after     map[int]uint16
	}{
		"three-phase-meter.yaml": {
			0, map[int][]uint16{0: float(230.5), 2: float(231), 4: float(229.25), 6: float(1.5), 52: float(4500), 62: float(0.97), 70: float(50), 72: float(12345.5)},
			map[string]any{"VoltageL1": float32(230.5), "VoltageL2": float32(231), "CurrentL1": float32(1.5), "Power": float32(4500), "PowerFactor": float32(0.97),
				"Frequency": float32(50), "ImportedEnergy": float32(12345.5), "Voltages": []float32{230.5, 231, 229.25}}, nil, nil,
		},
		"frequency-drive.yaml": {
			1, map[int][]uint16{0: {0x80}, 16: {0x0503, 2, 4990, 123, 0xfffb, 0x86a0, 1}},
			map[string]any{"Run": false, "Ready": true, "Running": true, "Fault": false, "Gear": uint8(5), "FaultCode": uint16(2), "Frequency": 4990.0, "Current": 123.0,
				"Temperature": int16(-5), "Hours": uint32(100000)},
			map[string]any{"Run": true, "Setpoint": 5000.0}, map[int]uint16{0: 0x81, 1: 5000},
		},
	} {
		t.Run(file, func(t *testing.T) {
			d, s := onSimulator(t, Options{}, nil)
			s.mu.Lock()
			for at, registers := range c.registers {
				copy(s.registers[c.table][at:], registers)
			}
			s.mu.Unlock()
			resources := profile(t, file)
			var list []driver.Resource
			for _, r := range resources {
				if r.Readable {
					list = append(list, r)
				}
			}
			readings, err := d.Read(t.Context(), "dev", list)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(s.requests()); n > 2 {
				t.Errorf("%d requests for one profile", n)
			}
			for _, r := range readings {
				if want, ok := c.want[r.Resource]; r.Err != nil || ok && !reflect.DeepEqual(r.Value, want) {
					t.Errorf("%s: %v, %v, want %v", r.Resource, r.Value, r.Err, want)
				}
			}
			for name, v := range c.writes {
				if err := d.Write(t.Context(), "dev", []driver.Write{write(resources[name], v)}); err != nil {
					t.Error(err)
				}
			}
			for at, want := range c.after {
				if got := s.registers[c.table][at]; got != want {
					t.Errorf("register %d has %#x, want %#x", at, got, want)
				}
			}
		})
	}
}
