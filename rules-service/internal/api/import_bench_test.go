//go:build unix

package api_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
)

// The benchmarks import 1,000 devices of ten sensors each, as new ones, with
// another port, and without a change. They print the time, the processor time
// of everything in the process, which is core-metadata too, and how many
// writing requests core-metadata has had.

func BenchmarkImportThousand(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := apitest.StartBuiltin(b, b.TempDir(), "")
		b.StartTimer()
		importWide(b, s, 502)
	}
}

func BenchmarkImportThousandChanged(b *testing.B) {
	s := apitest.StartBuiltin(b, b.TempDir(), "")
	importWide(b, s, 502)
	for i := 0; b.Loop(); i++ {
		importWide(b, s, 503+i%2)
	}
}

func BenchmarkImportThousandAgain(b *testing.B) {
	s := apitest.StartBuiltin(b, b.TempDir(), "")
	importWide(b, s, 502)
	for b.Loop() {
		importWide(b, s, 502)
	}
}

func importWide(b *testing.B, s *apitest.Service, port int) {
	b.Helper()
	body := importBody(b, wideLine(1000, 10, port))
	before := processorTime(b)
	if status, text, _ := s.Call(b, "POST", "/import/kubeedge", body); status != 200 {
		b.Fatal(status, text[:min(len(text), 500)])
	}
	b.ReportAllocs()
	b.ReportMetric(float64((processorTime(b) - before).Milliseconds()), "cpu-ms")
	b.ReportMetric(float64(s.CoreMetadata().Writes()), "writes")
}

// wideLine is a model with many sensors, and devices of it.
func wideLine(devices, sensors, port int) string {
	var b strings.Builder
	b.WriteString("apiVersion: devices.kubeedge.io/v1beta1\nkind: DeviceModel\nmetadata: {name: line}\nspec:\n  properties:\n")
	for i := range sensors {
		fmt.Fprintf(&b, "  - {name: sensor%d, type: INT, accessMode: ReadOnly, unit: C}\n", i)
	}
	for d := range devices {
		fmt.Fprintf(&b, "---\napiVersion: devices.kubeedge.io/v1beta1\nkind: Device\nmetadata: {name: line-%d}\nspec:\n  deviceModelRef: {name: line}\n"+
			"  protocol: {protocolName: modbus, configData: {ip: 10.0.0.5, port: %d, slaveID: %d}}\n  properties:\n", d, port, d%200+1)
		for i := range sensors {
			fmt.Fprintf(&b, "  - {name: sensor%d, collectCycle: 1000, visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: %d, limit: 1, scale: 0.1}}}\n", i, i)
		}
	}
	return b.String()
}

// processorTime is what the process has had so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
