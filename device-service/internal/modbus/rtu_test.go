package modbus

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

// gateway passes frames of RTU between TCP and a serial line of slaves. What a
// slave says goes to whoever is connected at that time, which is the worst that
// gateways do.
type gateway struct {
	listener net.Listener
	requests *io.PipeWriter
	line     struct {
		*io.PipeReader
		io.Writer
	}
	work sync.WaitGroup

	mu   sync.Mutex
	conn net.Conn // the last one
	all  []net.Conn
}

func newGateway(t *testing.T, how func(answer []byte) ([]byte, time.Duration)) *gateway {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{listener: l}
	g.line.PipeReader, g.requests = io.Pipe()
	g.line.Writer = g
	g.work.Go(func() { slaves(&g.line, how) })
	g.work.Go(g.accept)
	t.Cleanup(func() {
		_ = l.Close()
		_ = g.line.Close()
		g.mu.Lock()
		for _, c := range g.all {
			_ = c.Close()
		}
		g.mu.Unlock()
		g.work.Wait()
	})
	return g
}

func (g *gateway) accept() {
	for {
		c, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		g.conn = c
		g.all = append(g.all, c)
		g.mu.Unlock()
		g.work.Go(func() { g.pass(c) })
	}
}

// pass gives whole requests to the line, which nobody else may part.
func (g *gateway) pass(c net.Conn) {
	frame := make([]byte, 8)
	for {
		if _, err := io.ReadFull(c, frame); err != nil {
			return
		}
		if _, err := g.requests.Write(frame); err != nil {
			return
		}
	}
}

// Write sends what a slave says.
func (g *gateway) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn != nil {
		_, _ = g.conn.Write(b) // nobody listens any more
	}
	return len(b), nil
}

// onGateway adds the units 1 and 2 behind a gateway.
func onGateway(t *testing.T, how func(answer []byte) ([]byte, time.Duration)) *Driver {
	g := newGateway(t, how)
	d := newTestDriver(t, Options{})
	for unit := 1; unit <= 2; unit++ {
		dev := tcpDevice(fmt.Sprint("unit", unit), g.listener.Addr().String(),
			map[string]any{"Framing": "rtu", "UnitID": unit, "Timeout": serialTimeout.String()})
		if err := d.Add(dev, []driver.Resource{word(0)}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestGatewayMischief(t *testing.T) { mischiefOfSlaves(t, rtuMischief(), onGateway) }

// The vectors of the CRC in the specification and of a known frame.
func TestCRC(t *testing.T) {
	for frame, want := range map[string]uint16{"\x02\x07": 0x1241, "\x01\x03\x00\x00\x00\x0a": 0xcdc5} {
		if got := crc([]byte(frame)); got != want {
			t.Errorf("%x: %04x, want %04x", frame, got, want)
		}
	}
}

// scripted is a peer of one exchange.
type scripted struct {
	net.Conn
	got    []byte
	answer []byte
}

func (s *scripted) Write(b []byte) (int, error)     { s.got = append(s.got, b...); return len(b), nil }
func (s *scripted) SetDeadline(time.Time) error     { return nil }
func (s *scripted) SetReadDeadline(time.Time) error { return nil }
func (s *scripted) Read(b []byte) (int, error) {
	if len(s.answer) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.answer)
	s.answer = s.answer[n:]
	return n, nil
}

// What a peer says is an answer or an error, and never a panic.
func FuzzRTUAnswer(f *testing.F) {
	f.Add(byte(1), uint16(2), []byte("\x01\x03\x04\x00\x01\x00\x02\x2a\x32"))
	f.Add(byte(1), uint16(2), []byte("\x01\x83\x02\xc0\xf1"))
	f.Add(byte(1), uint16(125), []byte("\x01\x03\xff"))
	f.Fuzz(func(t *testing.T, unit byte, count uint16, answer []byte) {
		r := &rtuOverTCP{conn: &scripted{answer: answer}}
		f := &framed{frames: r, unit: unit}
		count = count%maxReadRegisters + 1
		if registers, err := f.ReadRegisters(0, count, 0); err == nil && len(registers) != int(count) {
			t.Fatalf("%d registers, want %d", len(registers), count)
		}
		r.conn = &scripted{answer: answer}
		if bits, err := f.ReadCoils(0, count); err == nil && len(bits) != int(count) {
			t.Fatalf("%d bits, want %d", len(bits), count)
		}
		r.conn = &scripted{answer: answer}
		_ = f.WriteRegister(1, 2)
	})
}
