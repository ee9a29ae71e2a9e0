package kubeedge

import (
	"reflect"
	"slices"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

const identified = `
apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: {name: boiler, namespace: hall}
spec:
  properties:
  - {name: temperature, type: FLOAT, accessMode: ReadOnly}
  - {name: pressure, type: FLOAT, accessMode: ReadOnly}
  - {name: hourly, type: FLOAT, accessMode: ReadOnly}
  - {name: threshold, type: INT, accessMode: ReadWrite}
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: {name: boiler-1, namespace: hall}
spec:
  deviceModelRef: {name: boiler}
  nodeName: edge1
  protocol: {protocolName: modbus, configData: {ip: 10.0.0.5, port: 502, slaveID: 1}}
  properties:
  - {name: temperature, reportToCloud: true, visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: 0, limit: 2}}}
  - {name: pressure, visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: 2, limit: 2}}}
  - {name: hourly, reportToCloud: true, collectCycle: 1000, reportCycle: 60000, visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: 4, limit: 2}}}
  - {name: threshold, reportToCloud: true, desired: {value: "80"}, visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: 10, limit: 1}}}
`

// What a bridge of twins has to know of a device comes with the device itself.
func TestIdentify(t *testing.T) {
	set, findings := Read(File{Name: "a.yaml", Data: []byte(identified)})
	result, more := Convert(set, Options{Choices: Choices{CycleUnit: Milliseconds}})
	if errs := append(findings, more...).Errors(); errs != nil {
		t.Fatal(errs)
	}
	d := result.Devices[0].Device
	d.Name = "another" // as it would be beside a device of its name in another namespace
	id, err := Identify(result.Profiles[0].DeviceProfile, d)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(id.Reported)
	if want := (Identity{"hall", "another", "edge1", V1Beta1, []string{"temperature", "threshold"}, map[string]string{"threshold": "80"}}); !reflect.DeepEqual(*id, want) {
		t.Errorf("%+v", *id)
	}
	if id, err := Identify(dtos.DeviceProfile{}, dtos.Device{}); id != nil || err != nil {
		t.Errorf("a device that was not imported: %+v, %v", id, err)
	}
	d.Properties = map[string]any{propertyKept: map[string]any{"device": map[string]any{"properties": 7}}}
	if _, err := Identify(result.Profiles[0].DeviceProfile, d); err == nil {
		t.Error("spoilt properties are no error")
	}
}
