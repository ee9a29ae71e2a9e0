package modbus

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// start runs a peer until the end of the test.
func start(t *testing.T, program string, args ...string) {
	t.Helper()
	peer := exec.Command(program, args...)
	if err := peer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = peer.Process.Kill()
		_ = peer.Wait()
	})
}

// pymodbus is the interpreter that has it.
func pymodbus(t *testing.T) string {
	t.Helper()
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import pymodbus.server").Run() != nil {
		servers.Missing(t, "python3-pymodbus")
	}
	return python
}

// TestPymodbus reads from and writes to another implementation.
func TestPymodbus(t *testing.T) {
	python := pymodbus(t)
	for _, framing := range []string{"tcp", "rtu"} {
		t.Run(framing, func(t *testing.T) {
			addr := freeAddr(t)
			_, port, _ := net.SplitHostPort(addr)
			start(t, python, "testdata/peer.py", port, framing)
			d := withPeer(t, tcpDevice("dev", addr, map[string]any{"Timeout": "2s", "Framing": framing, "VerifyWrites": true}))
			for range 2 { // the second time with what was learned
				readWords(t, d, words(130, 1), 100, 101, 102, 103, 104)
			}
			readWords(t, d, append(words(100, 1), word(105)))
			exercise(t, d)
		})
	}
}

// libmodbus builds the peer of libmodbus.
func libmodbus(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("/usr/include/modbus/modbus.h"); err != nil {
		servers.Missing(t, "libmodbus-dev")
	}
	program := filepath.Join(t.TempDir(), "peer")
	out, err := exec.Command("gcc", "-I/usr/include/modbus", "-o", program, "testdata/peer.c", "-lmodbus").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func TestLibmodbus(t *testing.T) {
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	start(t, libmodbus(t), "tcp", port)
	d := withPeer(t, tcpDevice("dev", addr, map[string]any{"Timeout": "10s", "VerifyWrites": true}))
	readWords(t, d, append(words(130, 1), word(999), word(1000)), 1000)
	exercise(t, d)
}

// withPeer adds the device dev, and waits until it answers.
func withPeer(t *testing.T, dev driver.Device) *Driver {
	t.Helper()
	d := newTestDriver(t, Options{})
	if err := d.Add(dev, nil); err != nil {
		t.Fatal(err)
	}
	awaitRead(t, d)
	return d
}

// exercise writes and reads values of all kinds.
func exercise(t *testing.T, d *Driver) {
	t.Helper()
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
	resources := []driver.Resource{resource("di", "Bool", "DISCRETES_INPUT", 999), resource("raw", "Uint16", "HOLDING_REGISTERS", 200), resource("in", "Uint32", "INPUT_REGISTERS", 500)}
	want := []any{true, uint16(0), uint32(500<<16 | 501)}
	for _, w := range writes {
		resources, want = append(resources, w.Resource), append(want, w.Value)
	}
	readings, err := d.Read(t.Context(), "dev", resources)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range readings {
		if r.Err != nil || !reflect.DeepEqual(r.Value, want[i]) {
			t.Errorf("%s: %v, %v, want %v", r.Resource, r.Value, r.Err, want[i])
		}
	}
}

// TestMbpoll lets a master that is not ours read the simulator.
func TestMbpoll(t *testing.T) {
	if _, err := exec.LookPath("mbpoll"); err != nil {
		servers.Missing(t, "mbpoll")
	}
	s := newSimulator(t)
	_, port, _ := net.SplitHostPort(s.addr)
	poll := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "mbpoll", append([]string{"-1", "-0", "-o", "10", "-p", port}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	if out := poll("-r", "10", "-c", "2", "-t", "4", "127.0.0.1"); !strings.Contains(out, "[10]: \t10") || !strings.Contains(out, "[11]: \t11") {
		t.Error(out)
	}
	poll("-r", "10", "-t", "4", "127.0.0.1", "4711")
	d := newTestDriver(t, Options{})
	if err := d.Add(tcpDevice("dev", s.addr, nil), nil); err != nil {
		t.Fatal(err)
	}
	awaitRead(t, d)
	readings, err := d.Read(t.Context(), "dev", []driver.Resource{word(10)})
	if err != nil || readings[0].Value != uint16(4711) {
		t.Errorf("%+v, %v", readings, err)
	}
}
