package modbus

import (
	"net"
	"os/exec"
	"reflect"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// TestForeignPeer reads from and writes to another implementation, pymodbus.
func TestForeignPeer(t *testing.T) {
	for _, framing := range []string{"tcp", "rtu"} {
		t.Run(framing, func(t *testing.T) { foreignPeer(t, framing) })
	}
}

func foreignPeer(t *testing.T, framing string) {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import pymodbus.server").Run() != nil {
		servers.Missing(t, "python3-pymodbus")
	}
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	peer := exec.Command(python, "testdata/peer.py", port, framing)
	if err := peer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = peer.Process.Kill()
		_ = peer.Wait()
	})

	d := newTestDriver(t, Options{})
	if err := d.Add(tcpDevice("dev", addr, map[string]any{"Timeout": "10s", "Framing": framing, "VerifyWrites": true}), nil); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		_, err := d.Read(t.Context(), "dev", words(1, 1))
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}

	for range 2 { // the second time with what was learned
		readWords(t, d, words(130, 1), 100, 101, 102, 103, 104)
	}
	readWords(t, d, append(words(100, 1), word(105)))

	writes := []driver.Write{
		write(resource("f", "Float64", "HOLDING_REGISTERS", 200, isByteSwap, true, isWordSwap, true), 25.5),
		write(resource("s", "String", "HOLDING_REGISTERS", 204, stringRegisterSize, 5), "kettle é"),
		write(word(300), uint16(7)),
		write(resource("a", "Int16Array", "HOLDING_REGISTERS", 310, arraySize, 3), []int16{1, -2, 3}),
		write(resource("nibble", "Uint8", "HOLDING_REGISTERS", "303.4-7"), uint8(5)),
		write(resource("cs", "BoolArray", "COILS", 20, arraySize, 9), []bool{true, true, false, false, true, false, true, true, true}),
		write(resource("bit", "Bool", "HOLDING_REGISTERS", "302.15"), true),
		write(resource("c1", "Bool", "COILS", 9), false),
		write(resource("c2", "Bool", "COILS", 10), true),
		write(resource("c3", "Bool", "COILS", 12), false),
	}
	if err := d.Write(t.Context(), "dev", writes); err != nil {
		t.Fatal(err)
	}
	resources := []driver.Resource{resource("di", "Bool", "DISCRETES_INPUT", 1998), resource("raw", "Uint16", "HOLDING_REGISTERS", 200)}
	for _, w := range writes {
		resources = append(resources, w.Resource)
	}
	readings, err := d.Read(t.Context(), "dev", resources)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{true, uint16(0)}
	for _, w := range writes {
		want = append(want, w.Value)
	}
	for i, r := range readings {
		if r.Err != nil || !reflect.DeepEqual(r.Value, want[i]) {
			t.Errorf("%s: %v, %v, want %v", r.Resource, r.Value, r.Err, want[i])
		}
	}
}
