package edgex

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
)

func sample() models.DeviceProfile {
	resource := func(name, valueType, readWrite string, p models.ResourceProperties) models.DeviceResource {
		p.ValueType, p.ReadWrite = valueType, readWrite
		return models.DeviceResource{Name: name, Properties: p, Attributes: map[string]any{"register": 1, rawQuery: "a=b"}}
	}
	return models.DeviceProfile{
		Name: "P",
		DeviceResources: []models.DeviceResource{
			resource("T1", "Float64", "R", models.ResourceProperties{Scale: f64(0.1)}),
			resource("T2", "Float64", "RW", models.ResourceProperties{}),
			resource("State", "Uint16", "R", models.ResourceProperties{Mask: u64(3)}),
			resource("Ok", "Bool", "R", models.ResourceProperties{Assertion: "true"}),
			resource("Picture", "Binary", "R", models.ResourceProperties{MediaType: "image/png"}),
			resource("Any", "Object", "R", models.ResourceProperties{}),
			resource("Reset", "Bool", "W", models.ResourceProperties{}),
		},
		DeviceCommands: []models.DeviceCommand{
			{Name: "Plain", ReadWrite: "R", ResourceOperations: []models.ResourceOperation{{DeviceResource: "State"}, {DeviceResource: "T1"}}},
			{Name: "Mapped", ReadWrite: "RW", ResourceOperations: []models.ResourceOperation{{DeviceResource: "State", Mappings: map[string]string{"0": "OFF", "1": "ON"}}}},
			{Name: "Set", ReadWrite: "W", ResourceOperations: []models.ResourceOperation{{DeviceResource: "T2"}}},
			{Name: "Broken", ReadWrite: "R", ResourceOperations: []models.ResourceOperation{{DeviceResource: "Gone"}}},
			{Name: "Empty", ReadWrite: "R"},
		},
	}
}

func TestNewSource(t *testing.T) {
	for name, want := range map[string]string{
		"Plain": "State T1", "T2": "T2", "T.*": "T1 T2", "(T1|State)": "T1 State",
	} {
		s, err := newSource(sample(), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, r := range s.resources {
			got = append(got, r.Name)
			if _, found := r.Attributes[rawQuery]; found {
				t.Errorf("%s carries a query", r.Name)
			}
		}
		if strings.Join(got, " ") != want || len(s.fields) != len(got) {
			t.Errorf("%s: %v, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"Nope":   `source "Nope" is neither a device command nor a device resource of profile "P"`,
		"(":      `source "(" is neither a device command nor a device resource of profile "P"`,
		"Set":    `source "Set" is write only`,
		"Reset":  `source "Reset" is write only`,
		"Broken": `device command "Broken" names the resource "Gone", which profile "P" does not have`,
		"Empty":  `device command "Empty" has no resources`,
	} {
		if _, err := newSource(sample(), name); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func TestConvertAndEvent(t *testing.T) {
	at := time.Unix(1, 5)
	for _, c := range []struct {
		source, resource string
		value            any
		raw              bool // no transforms
		kind, text       string
	}{
		{"T1", "T1", 253.0, false, "Float64", "25.3"},
		{"T1", "T1", 253.0, true, "Float64", "253"},
		{"T1", "T1", math.NaN(), false, "String", "NaN"},
		{"T1", "T1", math.Inf(1), false, "String", "overflow"},
		{"T2", "T2", 0.1, false, "Float64", "0.1"},
		{"Mapped", "State", uint16(5), false, "String", "ON"},
		{"Mapped", "State", uint16(2), false, "Uint16", "2"},
		{"Plain", "State", uint16(5), false, "Uint16", "1"},
		{"State", "State", uint16(4), false, "String", "OFF"}, // alone: the mappings of the first command that has some
	} {
		s, err := newSource(sample(), c.source)
		if err != nil {
			t.Fatal(err)
		}
		readings := make([]driver.Reading, len(s.resources))
		for i, r := range s.resources {
			readings[i] = driver.Reading{Resource: r.Name, Time: at, Err: errors.New("not this one")}
			if r.Name == c.resource {
				readings[i] = driver.Reading{Resource: r.Name, Value: c.value, Time: at, Tags: map[string]string{"quality": "poor"}}
			}
		}
		e, err := newEvent(models.Device{Name: "D", ProfileName: "P"}, s, s.convert(readings, !c.raw), false)
		if err != nil || len(e.Readings) != 1 {
			t.Fatalf("%s: %v, %v", c.source, e, err)
		}
		r := e.Readings[0]
		if r.ValueType != c.kind || r.Value != c.text || r.Origin != at.UnixNano() || r.Tags["quality"] != "poor" {
			t.Errorf("%s of %v: %+v", c.source, c.value, r)
		}
	}
}

func TestEventOfOtherTypes(t *testing.T) {
	s, err := newSource(sample(), "(Picture|Any)")
	if err != nil {
		t.Fatal(err)
	}
	readings := []driver.Reading{{Resource: "Picture", Value: []byte{1, 2}}, {Resource: "Any", Value: map[string]any{"a": 1}}}
	e, err := newEvent(models.Device{Name: "D", ProfileName: "P"}, s, s.convert(readings, true), false)
	if err != nil {
		t.Fatal(err)
	}
	if r := e.Readings[0]; r.ValueType != "Binary" || !slices.Equal(r.BinaryValue, []byte{1, 2}) || r.MediaType != "image/png" {
		t.Errorf("binary %+v", r)
	}
	if r := e.Readings[1]; r.ValueType != "Object" || r.ObjectValue == nil {
		t.Errorf("object %+v", r)
	}
	readings[0].Value = 7
	if _, err := newEvent(models.Device{}, s, readings, false); err == nil || err.Error() != `resource "Picture": a value of Go type int is not binary` {
		t.Errorf("wrong type: %v", err)
	}
}

func TestNoEventWithoutReadings(t *testing.T) {
	s, err := newSource(sample(), "T2")
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEvent(models.Device{}, s, []driver.Reading{{Resource: "T2", Err: errors.New("no answer")}}, false)
	if e != nil || err != nil {
		t.Errorf("%v, %v", e, err)
	}
}

func TestAssertion(t *testing.T) {
	s, err := newSource(sample(), "Ok")
	if err != nil {
		t.Fatal(err)
	}
	if r := s.convert([]driver.Reading{{Resource: "Ok", Value: true}}, true)[0]; r.Err != nil {
		t.Errorf("asserted value: %v", r.Err)
	}
	if r := s.convert([]driver.Reading{{Resource: "Ok", Value: false}}, true)[0]; !errors.Is(r.Err, errAssertion) {
		t.Errorf("other value: %v", r.Err)
	}
}

func TestCheckProfile(t *testing.T) {
	p := sample()
	if found := checkProfile(p); len(found) > 0 {
		t.Errorf("sound profile: %v", found)
	}
	p.DeviceResources[2].Properties.Scale = f64(0.5)
	p.DeviceResources[2].Properties.Offset = f64(0.25)
	p.DeviceResources[0].Properties.Scale = f64(0)
	p.DeviceResources[1].Properties.Scale = f64(math.NaN())
	var got []string
	for _, err := range checkProfile(p) {
		got = append(got, err.Error())
	}
	want := []string{
		`resource "T1": scale 0 leaves nothing of the value; leave it out for no scale`,
		`resource "T2": scale NaN is not a number`,
		`resource "State": scale 0.5 does not go with the integer type Uint16: set valueType to Float64 and give the type of the register in the attribute rawType`,
		`resource "State": offset 0.25 does not go with the integer type Uint16: set valueType to Float64 and give the type of the register in the attribute rawType`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}
