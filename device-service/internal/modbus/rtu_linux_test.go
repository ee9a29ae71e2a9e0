package modbus

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"sluice/device-service/internal/driver"
)

// pseudoTerminal opens a pair whose far end looks like a serial line.
func pseudoTerminal(t *testing.T) (near *os.File, far string) {
	t.Helper()
	near, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("serial lines cannot be tested without pseudo terminals:", err)
		}
		t.Skip("no pseudo terminals:", err)
	}
	var unlock, number int32
	raw := syscall.Termios{Cflag: syscall.CS8 | syscall.CREAD | syscall.CLOCAL} // no echo
	c, err := near.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Control(func(fd uintptr) {
		for request, arg := range map[uintptr]unsafe.Pointer{
			syscall.TIOCSPTLCK: unsafe.Pointer(&unlock), syscall.TIOCGPTN: unsafe.Pointer(&number), syscall.TCSETS: unsafe.Pointer(&raw),
		} {
			if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg)); errno != 0 {
				t.Error(errno)
			}
		}
	})
	return near, fmt.Sprintf("/dev/pts/%d", number)
}

// onSerialLine adds the units 1 and 2 on a pseudo terminal.
func onSerialLine(t *testing.T, how func(answer []byte) (sent []byte, delay time.Duration)) *Driver {
	t.Helper()
	return onLine(t, protocolRTU, func(near *os.File) { slaves(near, how) })
}

// onASCIILine does so with frames of ASCII.
func onASCIILine(t *testing.T, how func(answer []byte) (sent []byte, delay time.Duration)) *Driver {
	t.Helper()
	return onLine(t, protocolASCII, func(near *os.File) { asciiSlaves(near, how) })
}

func onLine(t *testing.T, protocol string, serve func(near *os.File)) *Driver {
	t.Helper()
	near, far := pseudoTerminal(t)
	keep, err := os.OpenFile(far, os.O_RDWR|syscall.O_NOCTTY, 0) // else the near end is hung up with the far one
	if err != nil {
		t.Fatal(err)
	}
	var peer sync.WaitGroup
	peer.Go(func() { serve(near) })
	d := newTestDriver(t, Options{})
	t.Cleanup(func() {
		_ = d.Close()
		_ = near.Close()
		_ = keep.Close()
		peer.Wait()
	})
	for unit := 1; unit <= 2; unit++ {
		dev := driver.Device{Name: fmt.Sprint("unit", unit), Protocols: map[string]map[string]any{
			protocol: {"Address": far, "BaudRate": 115200, "DataBits": 8, "Parity": "N", "UnitID": unit, "Timeout": serialTimeout.String()},
		}}
		if err := d.Add(dev, []driver.Resource{word(0)}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// Two units on a serial line that now and then go wrong once: no reading has
// the value of another register or unit, and the line recovers.
func TestSerialLineMischief(t *testing.T) {
	mischiefOfSlaves(t, rtuMischief(), onSerialLine)
}

func TestASCIILineMischief(t *testing.T) {
	mischiefOfSlaves(t, asciiMischief(), onASCIILine)
}

// A slave that always says everything twice has no values, but no wrong ones.
func TestSerialLineThatAlwaysDoubles(t *testing.T) {
	d := onSerialLine(t, func(a []byte) ([]byte, time.Duration) { return append(a, a...), 0 })
	for end, n := time.Now().Add(2*time.Second), 0; time.Now().Before(end); n++ {
		_ = readUnit(t, d, 1, n%100)
		time.Sleep(time.Millisecond)
	}
}

// cable joins two pseudo terminals, and returns their far ends.
func cable(t *testing.T) (ours, theirs string) {
	t.Helper()
	one, ours := pseudoTerminal(t)
	other, theirs := pseudoTerminal(t)
	open := []*os.File{one, other}
	for _, path := range []string{ours, theirs} { // else a near end is hung up while nobody has its far end
		f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, f)
	}
	var passing sync.WaitGroup
	passing.Go(func() { _, _ = io.Copy(one, other) })
	passing.Go(func() { _, _ = io.Copy(other, one) })
	t.Cleanup(func() {
		for _, f := range open {
			_ = f.Close()
		}
		passing.Wait()
	})
	return ours, theirs
}

func serialDevice(name, protocol, path string) driver.Device {
	properties := map[string]any{"Address": path, "BaudRate": 115200, "Parity": "N", "DataBits": 8, "UnitID": 1, "Timeout": "2s", "VerifyWrites": "true"}
	return driver.Device{Name: name, Protocols: map[string]map[string]any{protocol: properties}}
}

// TestLibmodbusOnSerialLine talks to a slave of libmodbus on a serial line.
func TestLibmodbusOnSerialLine(t *testing.T) {
	program := libmodbus(t)
	ours, theirs := cable(t)
	start(t, program, "rtu", theirs)
	d := withPeer(t, serialDevice("dev", protocolRTU, ours))
	readWords(t, d, words(130, 1))
	exercise(t, d)
}

// TestPymodbusOnSerialLine talks to a slave of pymodbus on a serial line, in
// frames of RTU and of ASCII.
func TestPymodbusOnSerialLine(t *testing.T) {
	program := pymodbus(t)
	for protocol, framing := range map[string]string{protocolRTU: "serial", protocolASCII: "ascii"} {
		t.Run(protocol, func(t *testing.T) {
			ours, theirs := cable(t)
			start(t, program, "testdata/peer.py", theirs, framing)
			d := withPeer(t, serialDevice("dev", protocol, ours))
			readWords(t, d, append(words(100, 1), word(105)))
			readWords(t, d, words(104, 1), 100, 101, 102, 103)
			exercise(t, d)
		})
	}
}
