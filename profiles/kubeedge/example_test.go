package kubeedge_test

import (
	"fmt"
	"os"

	"sluice/profiles/edgexfile"
	"sluice/profiles/kubeedge"
)

const pump = `
apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: {name: pump}
spec:
  properties:
  - {name: speed, type: INT, accessMode: ReadOnly, unit: rpm}
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: {name: pump-1}
spec:
  deviceModelRef: {name: pump}
  protocol: {protocolName: modbus, configData: {ip: 10.0.0.5, port: 502, slaveID: 1}}
  properties:
  - {name: speed, collectCycle: 5000, visitors: {protocolName: modbus, configData: {register: InputRegister, offset: 2, limit: 1, scale: 0.1}}}
`

// An import that tells what it would do, and the files for a device service.
func Example() {
	set, findings := kubeedge.Read(kubeedge.File{Name: "pump.yaml", Data: []byte(pump)})
	result, more := kubeedge.Convert(set, kubeedge.Options{Choices: kubeedge.Choices{CycleUnit: kubeedge.Milliseconds}})
	findings = append(findings, more...)
	changes := kubeedge.Diff(result, kubeedge.Existing{}) // what EdgeX has
	for _, e := range kubeedge.Report(set, findings, changes) {
		fmt.Printf("%s:%d: %s %s: %s\n", e.File, e.Line, e.Kind, e.Name, e.Action)
	}
	if findings.Errors() != nil {
		return
	}
	file, err := edgexfile.Profile(result.Profiles[0].DeviceProfile)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = os.Stdout.Write(file)
	fmt.Println(result.Streams[0].SQL)
	// Output:
	// pump.yaml:2: DeviceModel pump: created
	// pump.yaml:9: Device pump-1: created
	// name: pump
	// deviceResources:
	//   - name: speed
	//     properties: {valueType: Float64, readWrite: R, units: rpm, scale: 0.1}
	//     attributes: {primaryTable: INPUT_REGISTERS, rawType: UINT16, startingAddress: 2}
	// CREATE STREAM pump_1 (speed FLOAT) WITH (TYPE="edgex", DATASOURCE="rules-events", FORMAT="JSON");
}
