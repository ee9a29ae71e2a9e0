package modbus

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/simonvetter/modbus"
)

// asciiSlaves does what slaves does, in frames of ASCII.
func asciiSlaves(near io.ReadWriter, how func(answer []byte) (sent []byte, delay time.Duration)) {
	in := bufio.NewReader(near)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		request, err := asciiContent(strings.TrimSuffix(line[strings.LastIndexByte(line, ':')+1:], "\r\n"))
		if err != nil || len(request) != 6 {
			return
		}
		start, count := binary.BigEndian.Uint16(request[2:]), binary.BigEndian.Uint16(request[4:])
		a := []byte{request[0], request[1], byte(2 * count)}
		for n := range count {
			a = binary.BigEndian.AppendUint16(a, uint16(request[0])<<8+start+n)
		}
		sent, delay := how([]byte(asciiFrame(a)))
		time.Sleep(delay)
		if _, err := near.Write(sent); err != nil {
			return
		}
	}
}

// asciiMischief is what may come in the place of a frame of ASCII.
func asciiMischief() map[string]func(answer []byte) ([]byte, time.Duration) {
	return map[string]func(answer []byte) ([]byte, time.Duration){
		"late":           func(a []byte) ([]byte, time.Duration) { return a, serialTimeout * 3 / 2 },
		"very late":      func(a []byte) ([]byte, time.Duration) { return a, serialTimeout * 5 / 2 },
		"doubled":        func(a []byte) ([]byte, time.Duration) { return append(a, a...), 0 },
		"doubled, late":  func(a []byte) ([]byte, time.Duration) { return append(a, a...), serialTimeout * 5 / 2 },
		"cut":            func(a []byte) ([]byte, time.Duration) { return a[:len(a)-1], 0 },
		"nothing at all": func([]byte) ([]byte, time.Duration) { return nil, 0 },
		"a wrong check":  func(a []byte) ([]byte, time.Duration) { a[8] ^= 1; return a, 0 },
		"of another unit": func(a []byte) ([]byte, time.Duration) {
			content, _ := asciiContent(string(a[1 : len(a)-2]))
			content[0]++
			return []byte(asciiFrame(content)), 0
		},
	}
}

func TestASCIIFrames(t *testing.T) {
	if got := asciiFrame([]byte{1, 3, 0, 0, 0, 10}); got != ":01030000000AF2\r\n" {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]error{
		"01030200057F":   modbus.ErrBadCRC,
		"0103020005F5":   nil,
		"0103020005f5":   nil,
		"0103":           modbus.ErrProtocolError,
		"01030200057":    modbus.ErrProtocolError,
		"0x030200057F":   modbus.ErrProtocolError,
		"01830279":       modbus.ErrBadCRC,
		"0183027A":       modbus.ErrIllegalDataAddress,
		"0203020005F4":   modbus.ErrBadUnitId,
		"010402000 5F4":  modbus.ErrProtocolError,
		"0104020005F4":   modbus.ErrProtocolError,
		"01030400050006": modbus.ErrBadCRC,
	} {
		l := &scripted{answer: []byte("noise:0103:" + text + "\r\n")}
		f := &framed{frames: &ascii{line: l, timeout: time.Second}, unit: 1}
		registers, err := f.ReadRegisters(0, 1, modbus.HOLDING_REGISTER)
		if !errors.Is(err, want) || err == nil && (len(registers) != 1 || registers[0] != 5) {
			t.Errorf("%s: %v, %v, want %v", text, registers, err, want)
		}
		if string(l.got) != ":010300000001FB\r\n" {
			t.Errorf("request %q", l.got)
		}
	}
}

// What a peer says in ASCII has values only as a whole frame of the unit.
func FuzzASCIIAnswer(f *testing.F) {
	f.Add([]byte(":0103020005F5\r\n"))
	f.Add([]byte(":01:0183027A\n"))
	f.Add(bytes.Repeat([]byte(":0"), 600))
	f.Fuzz(func(t *testing.T, answer []byte) {
		l := &scripted{answer: bytes.Clone(answer)}
		c := &framed{frames: &ascii{line: l, timeout: time.Second}, unit: 1}
		registers, err := c.ReadRegisters(0, 1, modbus.HOLDING_REGISTER)
		if err != nil {
			return
		}
		frame := asciiFrame(binary.BigEndian.AppendUint16([]byte{1, 3, 2}, registers[0]))
		if !bytes.Contains(bytes.ToUpper(answer), []byte(strings.TrimSuffix(frame, "\r\n"))) {
			t.Fatalf("%q has the value %d", answer, registers[0])
		}
	})
}
