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
	near, far := pseudoTerminal(t)
	keep, err := os.OpenFile(far, os.O_RDWR|syscall.O_NOCTTY, 0) // else the near end is hung up with the far one
	if err != nil {
		t.Fatal(err)
	}
	var peer sync.WaitGroup
	peer.Go(func() { slaves(near, how) })
	d := newTestDriver(t, Options{})
	t.Cleanup(func() {
		_ = d.Close()
		_ = near.Close()
		_ = keep.Close()
		peer.Wait()
	})
	for unit := 1; unit <= 2; unit++ {
		dev := driver.Device{Name: fmt.Sprint("unit", unit), Protocols: map[string]map[string]any{
			protocolRTU: {"Address": far, "BaudRate": 115200, "Parity": "N", "UnitID": unit, "Timeout": serialTimeout.String()},
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
	mischiefOfSlaves(t, onSerialLine)
}

// A slave that always says everything twice has no values, but no wrong ones.
func TestSerialLineThatAlwaysDoubles(t *testing.T) {
	d := onSerialLine(t, func(a []byte) ([]byte, time.Duration) { return append(a, a...), 0 })
	for end, n := time.Now().Add(2*time.Second), 0; time.Now().Before(end); n++ {
		_ = readUnit(t, d, 1, n%100)
		time.Sleep(time.Millisecond)
	}
}

// TestLibmodbusOnSerialLine talks to a slave of libmodbus over two pseudo
// terminals that are joined like the ends of a cable.
func TestLibmodbusOnSerialLine(t *testing.T) {
	program := libmodbus(t)
	ours, far := pseudoTerminal(t)
	theirs, peer := pseudoTerminal(t)
	var keep []*os.File // else a near end is hung up while nobody has its far end
	for _, path := range []string{far, peer} {
		f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		keep = append(keep, f)
	}
	var cable sync.WaitGroup
	cable.Go(func() { _, _ = io.Copy(ours, theirs) })
	cable.Go(func() { _, _ = io.Copy(theirs, ours) })
	t.Cleanup(func() {
		for _, f := range append(keep, ours, theirs) {
			_ = f.Close()
		}
		cable.Wait()
	})
	start(t, program, "rtu", peer)
	d := withPeer(t, driver.Device{Name: "dev", Protocols: map[string]map[string]any{
		protocolRTU: {"Address": far, "BaudRate": 115200, "Parity": "N", "UnitID": 1, "Timeout": "2s", "VerifyWrites": "true"},
	}})
	readWords(t, d, words(130, 1))
	exercise(t, d)
}
