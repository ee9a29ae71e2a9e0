package modbus

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// simulator is the library's server with a memory that keeps a record of the
// requests. Register n holds n at first, and every third bit is on.
type simulator struct {
	addr   string
	server *modbus.ModbusServer

	mu        sync.Mutex
	registers [2][addresses]uint16 // input, holding
	bits      [2][addresses]bool   // coils, discrete inputs
	missing   map[span]bool        // refused if a request touches it
	record    []string
	silence   chan struct{} // open while silent
}

func newSimulator(t testing.TB) *simulator {
	t.Helper()
	s := &simulator{addr: freeAddr(t), missing: map[span]bool{}}
	s.reset()
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

// freeAddr is an address to listen on, now and again.
func freeAddr(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))
}

func (s *simulator) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range addresses {
		for t := range 2 {
			s.registers[t][i] = uint16(i)
			s.bits[t][i] = i%3 == 0
		}
	}
}

func (s *simulator) start(t testing.TB) {
	t.Helper()
	server, err := modbus.NewServer(&modbus.ServerConfiguration{
		URL: "tcp://" + s.addr, Timeout: time.Minute, MaxClients: 50, Logger: log.New(io.Discard, "", 0),
	}, s)
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.server = server
}

func (s *simulator) stop() {
	s.silent(false)
	_ = s.server.Stop()
}

// silent makes requests wait for their answer until it is called with false.
func (s *simulator) silent(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silence != nil {
		close(s.silence)
		s.silence = nil
	}
	if on {
		s.silence = make(chan struct{})
	}
}

// requests is the record since the last call.
func (s *simulator) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.record
	s.record = nil
	return r
}

// begin records a request, and tells whether the simulator has what it wants.
func (s *simulator) begin(verb string, t table, addr, quantity uint16) error {
	s.mu.Lock()
	silence := s.silence
	s.mu.Unlock()
	if silence != nil {
		<-silence
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	want := span{t, int(addr), int(quantity)}
	s.record = append(s.record, verb+" "+want.String())
	for m := range s.missing {
		if m.table == t && m.start < want.end() && want.start < m.end() {
			return modbus.ErrIllegalDataAddress
		}
	}
	return nil
}

func serve[T any](s *simulator, t table, memory []T, addr, quantity uint16, write bool, args []T) ([]T, error) {
	verb := "read"
	if write {
		verb = "write"
	}
	if err := s.begin(verb, t, addr, quantity); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	part := memory[addr : int(addr)+int(quantity)]
	if write {
		copy(part, args)
	}
	return slices.Clone(part), nil
}

func (s *simulator) HandleCoils(r *modbus.CoilsRequest) ([]bool, error) {
	return serve(s, coils, s.bits[0][:], r.Addr, r.Quantity, r.IsWrite, r.Args)
}

func (s *simulator) HandleDiscreteInputs(r *modbus.DiscreteInputsRequest) ([]bool, error) {
	return serve(s, discreteInputs, s.bits[1][:], r.Addr, r.Quantity, false, nil)
}

func (s *simulator) HandleInputRegisters(r *modbus.InputRegistersRequest) ([]uint16, error) {
	return serve(s, inputRegisters, s.registers[0][:], r.Addr, r.Quantity, false, nil)
}

func (s *simulator) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	return serve(s, holdingRegisters, s.registers[1][:], r.Addr, r.Quantity, r.IsWrite, r.Args)
}

// The devices, resources and drivers of the tests.

func tcpDevice(name, addr string, more map[string]any) driver.Device {
	host, port, _ := net.SplitHostPort(addr)
	properties := map[string]any{"Address": host, "Port": port, "UnitID": "1", "Timeout": "2s", "IdleTimeout": 60}
	for k, v := range more {
		properties[k] = v
	}
	return driver.Device{Name: name, Protocols: map[string]map[string]any{protocolTCP: properties}}
}

func resource(name string, kind driver.Type, table string, start any, more ...any) driver.Resource {
	a := map[string]any{primaryTable: table, startingAddress: start}
	for i := 0; i < len(more); i += 2 {
		a[more[i].(string)] = more[i+1]
	}
	return driver.Resource{
		Name: name, Type: kind, Attributes: a, Readable: true,
		Writable: table == "COILS" || table == "HOLDING_REGISTERS",
	}
}

func newTestDriver(t testing.TB, o Options) *Driver {
	t.Helper()
	o.MinPause, o.MaxPause = 10*time.Millisecond, 40*time.Millisecond
	d := New(slog.New(slog.DiscardHandler), o)
	t.Cleanup(func() { _ = d.Close() })
	return d
}
