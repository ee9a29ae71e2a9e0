package edgexfile

import (
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestProfile(t *testing.T) {
	scale, least := 0.1, -5.0
	p := dtos.DeviceProfile{
		DeviceProfileBasicInfo: dtos.DeviceProfileBasicInfo{Name: "7", Description: "two\nlines", Labels: []string{"yes"}},
		DeviceResources: []dtos.DeviceResource{
			{Name: "on", IsHidden: true, Properties: dtos.ResourceProperties{ValueType: "Bool", ReadWrite: "RW", DefaultValue: "true"}, Attributes: map[string]any{"startingAddress": "3.1", "none": nil}},
			{Name: "t", Properties: dtos.ResourceProperties{ValueType: "Float64", ReadWrite: "R", Scale: &scale, Minimum: &least}, Attributes: map[string]any{"startingAddress": 4}},
		},
		DeviceCommands: []dtos.DeviceCommand{{Name: "c", ReadWrite: "RW", ResourceOperations: []dtos.ResourceOperation{{DeviceResource: "on", Mappings: map[string]string{"true": "ON"}}}}},
	}
	got, err := Profile(p)
	if err != nil {
		t.Fatal(err)
	}
	want := `name: "7"
description: |-
  two
  lines
labels:
  - "yes"
deviceResources:
  - name: "on"
    isHidden: true
    properties: {valueType: Bool, readWrite: RW, defaultValue: "true"}
    attributes: {none: null, startingAddress: "3.1"}
  - name: t
    properties: {valueType: Float64, readWrite: R, minimum: -5, scale: 0.1}
    attributes: {startingAddress: 4}
deviceCommands:
  - name: c
    readWrite: RW
    resourceOperations:
      - deviceResource: "on"
        mappings: {"true": "ON"}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var back dtos.DeviceProfile
	if err := yaml.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if back.DeviceResources[0].Attributes["startingAddress"] != "3.1" || back.Name != "7" {
		t.Errorf("%+v", back)
	}
}

// States are left out, as a device service sets them; what an adapter of
// others has put beside them stays.
func TestDevices(t *testing.T) {
	got, err := Devices([]dtos.Device{{
		Name: "d", AdminState: "UNLOCKED", OperatingState: "UP", ServiceName: "device-modbus", ProfileName: "p",
		Protocols:  map[string]dtos.ProtocolProperties{"modbus-tcp": {"Port": "502", "Address": ""}},
		AutoEvents: []dtos.AutoEvent{{Interval: "1s", SourceName: "t"}},
		Properties: map[string]any{"kept": map[string]any{"value": "", "state": "UP", "name": "x", "at": nil}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := `deviceList:
  - name: d
    serviceName: device-modbus
    profileName: p
    autoEvents:
      - {interval: 1s, sourceName: t}
    protocols:
      modbus-tcp: {Address: "", Port: "502"}
    properties:
      kept: {at: null, name: x, state: UP, value: ""}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
