package modbus

import (
	"bytes"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"
)

// Whatever comes in the place of an answer over TCP, only a whole frame of the
// same transaction, unit and function has values.
func FuzzTCPAnswer(f *testing.F) {
	good := []byte{0, 0, 0, 0, 0, 9, 1, 3, 6, 0, 5, 0, 6, 0, 7}
	f.Add(good, true)
	f.Add(good, false)
	f.Add(append([]byte{9, 9, 0, 0, 0, 3, 1, 3, 0}, good...), true)
	f.Add([]byte{0, 0, 0, 0, 0, 3, 1, 0x83, 2}, true)
	f.Add([]byte{0, 0, 0, 0, 0xff, 0xff, 1, 3, 6}, true)
	f.Add([]byte{0, 0, 0, 0, 0, 0}, true)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = l.Close() })
	var mu sync.Mutex
	var answer, sent []byte
	var genuine bool
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 12)
			if _, err := io.ReadFull(c, request); err == nil {
				mu.Lock()
				sent = bytes.Clone(answer)
				if genuine && len(sent) > 1 { // the number of the transaction is the client's choice
					copy(sent, request[:2])
				}
				_, _ = c.Write(sent)
				sent = append(bytes.Clone(request[:2]), sent...)
				mu.Unlock()
			}
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	f.Fuzz(func(t *testing.T, a []byte, sameTransaction bool) {
		mu.Lock()
		answer, genuine = a, sameTransaction
		mu.Unlock()
		c, err := open(wire{endpoint: "tcp://" + l.Addr().String()}, time.Second, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		got, err := c.exchange(request{unit: 1, span: span{holdingRegisters, 5, 3}})
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		frame := append(bytes.Clone(sent[:2]), 0, 0, 0, 9, 1, 3, 6)
		for _, r := range got.registers {
			frame = binary.BigEndian.AppendUint16(frame, r)
		}
		if len(got.registers) != 3 || !bytes.Contains(sent[2:], frame) {
			t.Fatalf("%x has the values %04x", sent[2:], got.registers)
		}
	})
}
