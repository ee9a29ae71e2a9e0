package modbus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

// slaves answers reads of holding registers: register n of unit u holds
// 256*u+n. How says what is sent in the place of an answer, and how late.
func slaves(near io.ReadWriter, how func(answer []byte) (sent []byte, delay time.Duration)) {
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
		sent, delay := how(binary.LittleEndian.AppendUint16(a, checksum(a)))
		time.Sleep(delay)
		if _, err := near.Write(sent); err != nil {
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

// serialTimeout is that of the units on the line of a test: long enough that a
// loaded machine makes no plain answer late.
const serialTimeout = 150 * time.Millisecond

// readUnit reads one register of a unit. A value of another register or unit
// fails the test.
func readUnit(t *testing.T, d *Driver, unit, start int) error {
	t.Helper()
	readings, err := d.Read(t.Context(), fmt.Sprint("unit", unit), []driver.Resource{word(start)})
	if err != nil {
		return err
	}
	if want := uint16(unit<<8 + start); readings[0].Value != want {
		t.Fatalf("register %d of unit %d reads %v, %v, want %d", start, unit, readings[0].Value, readings[0].Err, want)
	}
	return nil
}

func awaitUnit(t *testing.T, d *Driver, unit, start int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := readUnit(t, d, unit, start)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("unit %d does not answer: %v", unit, err)
		}
	}
}

// rtuMischief is what may come in the place of a frame of RTU.
func rtuMischief() map[string]func(answer []byte) ([]byte, time.Duration) {
	return map[string]func(answer []byte) ([]byte, time.Duration){
		"late":             func(a []byte) ([]byte, time.Duration) { return a, serialTimeout * 3 / 2 },
		"very late":        func(a []byte) ([]byte, time.Duration) { return a, serialTimeout * 5 / 2 },
		"extremely late":   func(a []byte) ([]byte, time.Duration) { return a, serialTimeout * 11 / 2 },
		"doubled":          func(a []byte) ([]byte, time.Duration) { return append(a, a...), 0 },
		"many times":       func(a []byte) ([]byte, time.Duration) { return bytes.Repeat(a, 20), 0 },
		"doubled, late":    func(a []byte) ([]byte, time.Duration) { return append(a, a...), serialTimeout * 5 / 2 },
		"cut":              func(a []byte) ([]byte, time.Duration) { return a[:len(a)-1], 0 },
		"noise before":     func(a []byte) ([]byte, time.Duration) { return append([]byte{0xff, 0}, a...), 0 },
		"nothing at all":   func([]byte) ([]byte, time.Duration) { return nil, 0 },
		"a wrong checksum": func(a []byte) ([]byte, time.Duration) { a[3]++; return a, 0 },
		"of another unit": func(a []byte) ([]byte, time.Duration) {
			a[0]++
			return binary.LittleEndian.AppendUint16(a[:len(a)-2], checksum(a[:len(a)-2])), 0
		},
	}
}

// mischiefOfSlaves has two units on a line that now and then go wrong once: no
// reading has the value of another register or unit, and the line recovers.
func mischiefOfSlaves(t *testing.T, mischief map[string]func([]byte) ([]byte, time.Duration), on func(*testing.T, func(answer []byte) ([]byte, time.Duration)) *Driver) {
	for name, how := range mischief {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var wrong atomic.Bool
			d := on(t, func(a []byte) ([]byte, time.Duration) {
				if wrong.CompareAndSwap(true, false) {
					return how(a)
				}
				return a, 0
			})
			for round := range 4 {
				awaitUnit(t, d, 1, 10*round)
				awaitUnit(t, d, 2, 10*round)
				wrong.Store(true)
				for n := range 4 { // none of them may have what is not its own
					_ = readUnit(t, d, 1, 100+10*round+n)
				}
				awaitUnit(t, d, 2, 200+round)
				awaitUnit(t, d, 1, 200+round)
				if wrong.Load() {
					t.Error("nothing went wrong")
				}
			}
		})
	}
}
