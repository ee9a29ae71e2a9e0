package edgex

import (
	"log/slog"
	"os"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/modbus"
)

// Whatever profile EdgeX takes is checked, planned and made into events without
// a panic; what the check of a device lets through has all of its sources.
func FuzzProfile(f *testing.F) {
	f.Add(testProfile)
	for _, file := range []string{"../../../profiles/modbus/three-phase-meter.yaml", "../../../profiles/modbus/frequency-drive.yaml", "../../cmd/device-modbus/res/profiles/boiler.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("name: P\ndeviceResources:\n  - {name: A, properties: {valueType: Uint8, readWrite: RW, mask: '0xf', shift: -70, base: 0, scale: 1e308, offset: .nan, assertion: x}}\n")
	drv := modbus.New(slog.New(slog.DiscardHandler), modbus.Options{})
	f.Cleanup(func() { _ = drv.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		var p dtos.DeviceProfile
		if yaml.Unmarshal([]byte(text), &p) != nil {
			return // EdgeX refuses it as well
		}
		model := dtos.ToDeviceProfileModel(p)
		var resources []driver.Resource
		for _, r := range model.DeviceResources {
			resources = append(resources, toResource(r))
		}
		bad := drv.Validate(driver.Device{Name: "d", Protocols: map[string]map[string]any{"modbus-tcp": {"Address": "x"}}}, resources) != nil || len(checkProfile(model)) > 0
		var names []string
		for _, r := range model.DeviceResources {
			names = append(names, r.Name)
		}
		for _, c := range model.DeviceCommands {
			names = append(names, c.Name)
		}
		for _, name := range names {
			s, err := newSource(model, name)
			if err != nil {
				continue // an auto-event of it is refused
			}
			readings := make([]driver.Reading, len(s.resources))
			for i, r := range s.resources {
				readings[i] = driver.Reading{Resource: r.Name, Value: sampleOf(r.Type)}
			}
			converted := s.convert(readings, true)
			if _, err := newEvent(models.Device{Name: "d", ProfileName: model.Name}, s, converted, true); err != nil && !bad {
				t.Fatalf("source %q of a good profile: %v", name, err)
			}
		}
	})
}

// sampleOf is a value of a type.
func sampleOf(kind driver.Type) any {
	for v, of := range map[any]driver.Type{true: "Bool", "text": "String", int8(-1): "Int8", int16(-1): "Int16", int32(-1): "Int32", int64(-1): "Int64",
		uint8(255): "Uint8", uint16(255): "Uint16", uint32(255): "Uint32", uint64(255): "Uint64", float32(1.5): "Float32", 1.5: "Float64"} {
		if of == kind {
			return v
		}
	}
	switch kind {
	case "BoolArray":
		return []bool{true}
	case "Float64Array":
		return []float64{1.5}
	case "Uint16Array":
		return []uint16{1}
	case "Binary":
		return []byte{1}
	}
	return "none"
}
