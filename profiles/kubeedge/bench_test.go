package kubeedge

import (
	"bytes"
	"fmt"
	"testing"
)

// thousand is a file of 1,000 devices with ten sensors each.
func thousand() File {
	var b bytes.Buffer
	fmt.Fprintf(&b, "apiVersion: devices.kubeedge.io/v1beta1\nkind: DeviceModel\nmetadata: {name: line}\nspec:\n  properties:\n")
	for i := range 10 {
		fmt.Fprintf(&b, "  - {name: sensor%d, type: INT, accessMode: ReadOnly, unit: C}\n", i)
	}
	for d := range 1000 {
		fmt.Fprintf(&b, "---\napiVersion: devices.kubeedge.io/v1beta1\nkind: Device\nmetadata: {name: line-%d}\nspec:\n  deviceModelRef: {name: line}\n"+
			"  protocol: {protocolName: modbus, configData: {ip: 10.0.%d.%d, slaveID: 1}}\n  properties:\n", d, d/250, d%250+1)
		for i := range 10 {
			fmt.Fprintf(&b, "  - {name: sensor%d, collectCycle: 1000, reportToCloud: true, visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: %d, limit: 1, scale: 0.1}}}\n", i, d*10+i)
		}
	}
	return File{"thousand.yaml", b.Bytes()}
}

func BenchmarkImportThousand(b *testing.B) {
	file := thousand()
	b.ReportAllocs()
	for b.Loop() {
		set, findings := Read(file)
		r, more := Convert(set, Options{})
		if append(findings, more...).Errors() != nil || len(r.Devices) != 1000 {
			b.Fatal(findings, more)
		}
	}
}

func BenchmarkDiffThousand(b *testing.B) {
	set, _ := Read(thousand())
	r, _ := Convert(set, Options{})
	have := Existing{Profiles: r.profiles(), Devices: r.devices()}
	b.ReportAllocs()
	for b.Loop() {
		if changes := Diff(r, have); changes[0].Action != Unchanged {
			b.Fatal(changes[0])
		}
	}
}

func BenchmarkExportThousand(b *testing.B) {
	set, _ := Read(thousand())
	r, _ := Convert(set, Options{})
	b.ReportAllocs()
	for b.Loop() {
		if objects, findings := Export(V1Beta1, r.profiles(), r.devices()); findings.Errors() != nil || len(objects) != 1001 {
			b.Fatal(len(objects), findings)
		}
	}
}
