package opcua

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// method is a method of the peer.
func method(name string, inputs ...any) driver.Resource {
	return driver.Resource{Name: name, Type: "Int64", Readable: true, Writable: true,
		Attributes: map[string]any{methodIDAttribute: "nsu=urn:peer;s=" + name, objectIDAttribute: "nsu=urn:peer;s=PLC", inputMapAttribute: inputs}}
}

// A method is called when its resource is read, with the inputs of the profile,
// or set, with the value.
func methods(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, brisk)
	if err := d.Add(deviceAt("dev", peer.Endpoint()), nil); err != nil {
		t.Fatal(err)
	}
	readings, err := d.Read(t.Context(), "dev", []driver.Resource{method("Add", "2", 40), pressure, method("Add", "two", "1"), method("Add", "1"), method("Gone", "1", "1")})
	if err != nil || readings[0].Value != int64(42) || readings[1].Value != 4.25 || readings[0].Time.IsZero() {
		t.Fatalf("%+v, %v", readings, err)
	}
	for i, want := range map[int]string{2: `argument "a": "two" is no whole number that fits`, 3: "the method wants 2 arguments, not 1", 4: "Bad"} {
		if readings[i].Err == nil || !strings.Contains(readings[i].Err.Error(), want) {
			t.Errorf("%s: %v, want %s", readings[i].Resource, readings[i].Err, want)
		}
	}
	for _, c := range []struct {
		value any
		want  string
	}{
		{map[string]any{"a": 1.0, "b": 2.0}, ""}, {[]int64{1, 2}, ""},
		{map[string]any{"a": 1.0}, `argument "b" is missing`},
		{map[string]any{"a": 1.0, "b": 2.0, "bb": 3.0}, `the method has no argument "bb"; did you mean "b"?`},
		{int64(1), "the method wants 2 arguments, not 1"},
		{[]int64{1, 1 << 40}, `argument "b": 1099511627776 is out of range of Int32`},
	} {
		err := d.Write(t.Context(), "dev", []driver.Write{{Resource: method("Add"), Value: c.value}})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want %q", c.value, err, c.want)
		}
	}
}

// Values of a peer are read and written in their own types; a refused write is
// an error.
func values(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, brisk)
	if err := d.Add(deviceAt("dev", peer.Endpoint()), nil); err != nil {
		t.Fatal(err)
	}
	node := func(name string, kind driver.Type) driver.Resource {
		return driver.Resource{Name: name, Type: kind, Attributes: map[string]any{nodeIDAttribute: "nsu=urn:peer;s=" + name}, Readable: true, Writable: true}
	}
	err := d.Write(t.Context(), "dev", []driver.Write{
		{Resource: node("Count", "Int64"), Value: int64(55)}, {Resource: node("Name", "String"), Value: "South"}, {Resource: node("Small", "Uint16"), Value: uint16(7)},
		{Resource: node("Curve", "Float32Array"), Value: []float32{8, 9}}, {Resource: node("Fixed", "Int32"), Value: int32(1)}, {Resource: node("Gone", "Int32"), Value: int32(1)},
	})
	failed := driver.NotWritten(err)
	if len(failed) != 2 || failed[0].Resource == "Count" {
		t.Errorf("%v", err)
	}
	readings, err := d.Read(t.Context(), "dev", []driver.Resource{node("Count", "Int32"), node("Name", "String"), node("Small", "Uint8"), node("Curve", "Float64Array"),
		node("Fixed", "Int32"), node("Flame", "Bool"), node("Gone", "Int32")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []any{int32(55), "South", uint8(7), []float64{8, 9}, int32(8), true} {
		if !reflect.DeepEqual(readings[i].Value, want) {
			t.Errorf("%+v, want %v", readings[i], want)
		}
	}
	if readings[6].Err == nil {
		t.Error("a node that is not there has a value")
	}
}

func TestSpread(t *testing.T) {
	scalar, array := &ua.Argument{Name: "a", ValueRank: -1}, &ua.Argument{Name: "l", ValueRank: 1}
	for _, c := range []struct {
		value  any
		wanted []*ua.Argument
		want   []any
	}{
		{true, nil, nil},
		{int64(1), []*ua.Argument{scalar}, []any{int64(1)}},
		{[]int64{1, 2}, []*ua.Argument{array}, []any{[]int64{1, 2}}},
		{[]int64{1, 2}, []*ua.Argument{scalar, scalar}, []any{int64(1), int64(2)}},
	} {
		if got, err := spread(c.value, c.wanted); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %v, %v, want %v", c.value, got, err, c.want)
		}
	}
}
