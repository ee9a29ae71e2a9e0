package modbus

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/drivertest"
	"sluice/profiles/kubeedge"
)

// vector is a property of a KubeEdge model, the registers or coils from its
// offset on, and the value that comes of them by the semantics of KubeEdge's
// mapper and by the sensible ones.
type vector struct {
	kind, extra string // type, and more of it
	limit       int
	visitor     string // more of the visitor
	wire        []uint16
	kubeedge    any
	sensible    any    // nil: the same
	register    string // its kind; "": HoldingRegister
}

const (
	words2 = ", isRegisterSwap: true"
	bytes2 = ", isSwap: true"
)

var vectors = []vector{
	{"float", "", 2, "", []uint16{0x41c8, 0}, 25.0, nil, ""},
	{"float", "", 2, words2, []uint16{0, 0x41c8}, 25.0, nil, ""},
	{"float", "", 2, bytes2, []uint16{0xc841, 0}, 25.0, nil, ""},
	{"float", "", 2, words2 + bytes2, []uint16{0, 0xc841}, 25.0, nil, ""},
	{"double", "", 4, "", []uint16{0x4039, 0x8000, 0, 0}, 25.5, nil, ""},
	{"double", "", 4, words2, []uint16{0, 0, 0x8000, 0x4039}, 25.5, nil, ""},
	{"double", "", 4, bytes2, []uint16{0x3940, 0x0080, 0, 0}, 25.5, nil, ""},
	{"double", "", 4, words2 + bytes2, []uint16{0, 0, 0x0080, 0x3940}, 25.5, nil, ""},
	{"int", "", 2, "", []uint16{0x0001, 0x86a0}, 100000.0, nil, ""},
	{"int", "", 2, words2, []uint16{0x86a0, 0x0001}, 100000.0, nil, ""},
	{"int", "", 2, bytes2, []uint16{0x0100, 0xa086}, 100000.0, nil, ""},
	{"int", "", 2, words2 + bytes2, []uint16{0xa086, 0x0100}, 100000.0, nil, ""},
	{"int", ", minimum: -9", 4, "", []uint16{0xffff, 0xffff, 0xffff, 0xfffe}, 18446744073709551614.0, -2.0, ""},
	{"int", ", minimum: -9", 4, words2, []uint16{0xfffe, 0xffff, 0xffff, 0xffff}, 18446744073709551614.0, -2.0, ""},
	{"int", ", minimum: -9", 4, bytes2, []uint16{0xffff, 0xffff, 0xffff, 0xfeff}, 18446744073709551614.0, -2.0, ""},
	{"int", ", minimum: -9", 4, words2 + bytes2, []uint16{0xfeff, 0xffff, 0xffff, 0xffff}, 18446744073709551614.0, -2.0, ""},
	{"int", "", 1, "", []uint16{0xfffe}, 65534.0, nil, ""},
	{"int", ", minimum: -9", 1, "", []uint16{0xfffe}, 65534.0, -2.0, ""},
	{"int", "", 1, bytes2, []uint16{0x0a01}, 266.0, nil, ""},
	{"int", "", 2, ", scale: 0.1", []uint16{0x0001, 0x86a0}, 10000.0, nil, ""},
	{"int", "", 2, ", scale: 0.1", []uint16{0x8000, 0x0000}, 214748364.8, nil, ""}, // wrong as INT32; KubeEdge cuts the fraction off
	{"int", "", 1, ", scale: 0", []uint16{7}, 7.0, nil, ""},
	{"float", "", 1, ", scale: 0.01", []uint16{2530}, 25.3, nil, ""},
	{"double", "", 1, ", scale: 0.1", []uint16{253}, 25.3, nil, ""},
	{"boolean", "", 1, "", []uint16{0x0001}, false, true, ""},
	{"boolean", "", 1, "", []uint16{0x0100}, true, false, ""},
	{"string", "", 2, "", []uint16{0x4142, 0x4300}, "ABC", nil, ""}, // the mapper leaves the NUL, EdgeX trims it
	{"float", "", 2, words2, []uint16{0, 0x41c8}, 25.0, nil, "InputRegister"},
	{"boolean", "", 1, "", []uint16{0x0001}, false, true, "InputRegister"},
	{"boolean", "", 1, "", []uint16{1}, true, nil, "CoilRegister"},
	{"boolean", "", 1, "", []uint16{0}, false, nil, "CoilRegister"},
	{"boolean", "", 1, "", []uint16{1}, true, nil, "DiscreteInputRegister"},
	{"boolean", "", 1, "", []uint16{0}, false, nil, "DiscreteInputRegister"},
}

// document is the property of a vector and its visitor; each has 16 registers.
func (v vector) document(i int) (property, visitor string) {
	return fmt.Sprintf("  - {name: p%d, type: {%s: {accessMode: ReadOnly%s}}}\n", i, v.kind, v.extra),
		fmt.Sprintf("  - {propertyName: p%d, modbus: {register: %s, offset: %d, limit: %d%s}}\n", i, cmp.Or(v.register, "HoldingRegister"), 16*i, v.limit, v.visitor)
}

// put writes what is on the wire into the simulator's table.
func (v vector) put(s *simulator, i int) {
	switch v.register {
	case "CoilRegister":
		s.bits[0][16*i] = v.wire[0] == 1
	case "DiscreteInputRegister":
		s.bits[1][16*i] = v.wire[0] == 1
	case "InputRegister":
		copy(s.registers[0][16*i:], v.wire)
	default:
		copy(s.registers[1][16*i:], v.wire)
	}
}

// Registers read through an imported profile have the values that they have
// for KubeEdge, with the differences that were chosen.
func TestKubeEdgeVectors(t *testing.T) {
	var properties, visitors strings.Builder
	for i, v := range vectors {
		p, s := v.document(i)
		properties.WriteString(p)
		visitors.WriteString(s)
	}
	file := kubeedge.File{Name: "vectors.yaml", Data: []byte("apiVersion: devices.kubeedge.io/v1alpha2\nkind: DeviceModel\nmetadata: {name: m}\nspec:\n  properties:\n" + properties.String() +
		"---\napiVersion: devices.kubeedge.io/v1alpha2\nkind: Device\nmetadata: {name: d}\nspec:\n  deviceModelRef: {name: m}\n  protocol: {modbus: {slaveID: 1}, common: {tcp: {ip: 127.0.0.1, port: 502}}}\n  propertyVisitors:\n" + visitors.String())}
	for _, semantics := range []kubeedge.Semantics{kubeedge.Literal, kubeedge.Sensible} {
		t.Run(string(semantics), func(t *testing.T) {
			resources, scales := imported(t, kubeedge.Options{Choices: kubeedge.Choices{Semantics: semantics}}, file)
			d, s := onSimulator(t, Options{}, nil)
			s.mu.Lock()
			for i, v := range vectors {
				v.put(s, i)
			}
			s.mu.Unlock()
			readings, err := d.Read(t.Context(), "dev", resources)
			if err != nil || len(readings) != len(vectors) {
				t.Fatalf("%d readings, %v", len(readings), err)
			}
			for _, r := range readings {
				var i int
				if _, err := fmt.Sscanf(r.Resource, "p%d", &i); err != nil {
					t.Fatal(err)
				}
				want := vectors[i].kubeedge
				if semantics == kubeedge.Sensible && vectors[i].sensible != nil {
					want = vectors[i].sensible
				}
				if got := scaled(r.Value, scales[r.Resource]); r.Err != nil || !near(got, want) {
					t.Errorf("%+v: %v, %v, want %v", vectors[i], got, r.Err, want)
				}
			}
		})
	}
}

// imported are the resources of the profile that comes of a file, as
// core-metadata would hand them out, and their scales.
func imported(t *testing.T, o kubeedge.Options, file kubeedge.File) ([]driver.Resource, map[string]float64) {
	t.Helper()
	set, findings := kubeedge.Read(file)
	result, more := kubeedge.Convert(set, o)
	if errs := append(findings, more...).Errors(); errs != nil {
		t.Fatal(errs)
	}
	return resourcesOf(t, result.Profiles[0].DeviceProfile)
}

func resourcesOf(t *testing.T, p dtos.DeviceProfile) ([]driver.Resource, map[string]float64) {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	var list []driver.Resource
	scales := map[string]float64{}
	for _, r := range p.DeviceResources {
		if r.Attributes["virtual"] == true { // which never reaches a driver
			continue
		}
		list = append(list, driver.Resource{Name: r.Name, Type: driver.Type(r.Properties.ValueType), Attributes: r.Attributes,
			Readable: r.Properties.ReadWrite != "W", Writable: r.Properties.ReadWrite != "R"})
		if s := r.Properties.Scale; s != nil {
			scales[r.Name] = *s
		}
	}
	return list, scales
}

// scaled is a number as EdgeX shows it; other values stay as they are.
func scaled(v any, scale float64) any {
	n := reflect.ValueOf(v)
	if scale == 0 {
		scale = 1
	}
	switch {
	case n.CanInt():
		return float64(n.Int()) * scale
	case n.CanUint():
		return float64(n.Uint()) * scale
	case n.CanFloat():
		return n.Float() * scale
	}
	return v
}

func near(got, want any) bool {
	a, isNumber := got.(float64)
	b, wantsNumber := want.(float64)
	if isNumber && wantsNumber {
		return math.Abs(a-b) <= 1e-9*math.Abs(b)
	}
	return got == want
}

// The driver takes every Modbus device that comes of an import.
func TestKubeEdgeDevicesAreTaken(t *testing.T) {
	drivertest.KubeEdge(t, newTestDriver(t, Options{}), 10, protocolTCP, protocolRTU)
}
