package modbus

import (
	"os"
	"reflect"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/driver"
)

// Profiles and devices written for device-modbus load as they are.
func TestExistingFiles(t *testing.T) {
	load := func(file string, into any) {
		t.Helper()
		text, err := os.ReadFile("testdata/existing/" + file)
		if err == nil {
			err = yaml.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var p dtos.DeviceProfile
	load("profile.yaml", &p)
	var list struct {
		Devices []dtos.Device `yaml:"deviceList"`
	}
	load("devices.yaml", &list)
	if len(list.Devices) != 6 {
		t.Errorf("%d devices", len(list.Devices))
	}
	resources := make([]driver.Resource, len(p.DeviceResources))
	for i, r := range p.DeviceResources {
		resources[i] = driver.Resource{Name: r.Name, Type: driver.Type(r.Properties.ValueType), Attributes: r.Attributes, Readable: true, Writable: r.Properties.ReadWrite != "R"}
	}
	d, s := onSimulator(t, Options{}, nil)
	for _, device := range list.Devices {
		dev := driver.Device{Name: device.Name, Protocols: map[string]map[string]any{}}
		for name, properties := range device.Protocols {
			dev.Protocols[name] = properties
		}
		if err := d.Validate(dev, resources); err != nil {
			t.Errorf("%s: %v", device.Name, err)
		}
	}
	s.mu.Lock()
	s.registers[1][0x4143] = 0x4300 // "C" and padding
	s.mu.Unlock()
	readings, err := d.Read(t.Context(), "dev", resources)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"Coil": true, "Coils": int16(0x4992), "Contact": false, "Contact4": true, "Bit": true, "BitOfNumber": true, "LowBitOfNumber": true, "BitOfRegister": true, "Hexadecimal": uint16(28), "Small": int16(10), "Word": uint16(11), "Scaled": float32(12), "Scaled64": 13.0,
		"Long": uint32(15<<16 | 14), "Swapped": int32(0x1000<<16 | 0x1100), "Raw32": float64(19<<16 | 18), "Huge": int64(20<<48 | 21<<32 | 22<<16 | 23),
		"Unsigned": uint64(24<<48 | 25<<32 | 26<<16 | 27), "Text": "ABC",
	}
	if len(readings) != len(want) {
		t.Errorf("%d readings", len(readings))
	}
	for _, r := range readings {
		if r.Err != nil || !reflect.DeepEqual(r.Value, want[r.Resource]) {
			t.Errorf("%s: %v, %v, want %v", r.Resource, r.Value, r.Err, want[r.Resource])
		}
	}
}
