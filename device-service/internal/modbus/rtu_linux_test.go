package modbus

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
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

// slaves answers reads of holding registers: register n of unit u holds
// 256*u+n. The delay is before an answer.
func slaves(near *os.File, delay *atomic.Int64) {
	frame := make([]byte, 8)
	for {
		if _, err := io.ReadFull(near, frame); err != nil {
			return
		}
		if checksum(frame[:6]) != binary.LittleEndian.Uint16(frame[6:]) {
			return
		}
		start, count := binary.BigEndian.Uint16(frame[2:]), binary.BigEndian.Uint16(frame[4:])
		a := []byte{frame[0], frame[1], byte(2 * count)}
		for n := range count {
			a = binary.BigEndian.AppendUint16(a, uint16(frame[0])<<8+start+n)
		}
		time.Sleep(time.Duration(delay.Load()))
		if _, err := near.Write(binary.LittleEndian.AppendUint16(a, checksum(a))); err != nil {
			return
		}
	}
}

// checksum is Modbus' CRC-16.
func checksum(frame []byte) uint16 {
	crc := uint16(0xffff)
	for _, b := range frame {
		crc ^= uint16(b)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low == 1 {
				crc ^= 0xa001
			}
		}
	}
	return crc
}

// Two units on a serial line that now and then answer after the time-out: no
// reading has the value of another register or unit.
func TestSerialLineWithLateAnswers(t *testing.T) {
	near, far := pseudoTerminal(t)
	keep, err := os.OpenFile(far, os.O_RDWR|syscall.O_NOCTTY, 0) // else the near end is hung up with the far one
	if err != nil {
		t.Fatal(err)
	}
	var delay atomic.Int64
	var peer sync.WaitGroup
	peer.Go(func() { slaves(near, &delay) })
	d := newTestDriver(t, Options{})
	t.Cleanup(func() {
		_ = d.Close()
		_ = near.Close()
		_ = keep.Close()
		peer.Wait()
	})
	for unit := 1; unit <= 2; unit++ {
		dev := driver.Device{Name: fmt.Sprint("unit", unit), Protocols: map[string]map[string]any{
			protocolRTU: {"Address": far, "BaudRate": 115200, "Parity": "N", "UnitID": unit, "Timeout": "50ms"},
		}}
		if err := d.Add(dev, []driver.Resource{word(0)}); err != nil {
			t.Fatal(err)
		}
	}
	var last error
	good := func(unit, start int) bool {
		readings, err := d.Read(t.Context(), fmt.Sprint("unit", unit), []driver.Resource{word(start)})
		if last = err; err != nil {
			return false
		}
		if want := uint16(unit<<8 + start); readings[0].Value != want {
			t.Fatalf("register %d of unit %d reads %v, %v, want %d", start, unit, readings[0].Value, readings[0].Err, want)
		}
		return true
	}
	await := func(unit, start int) {
		for deadline := time.Now().Add(10 * time.Second); !good(unit, start); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("unit %d does not answer: %v", unit, last)
			}
		}
	}
	for round := range 3 {
		await(1, 2*round)
		await(2, 2*round)
		delay.Store(int64(75 * time.Millisecond)) // one and a half time-outs
		if good(1, 100+round) {
			t.Error("a late answer is a value")
		}
		delay.Store(0)
		await(1, 200+round)
		await(2, 200+round)
	}
}
