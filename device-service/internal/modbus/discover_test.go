package modbus

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/device-service/internal/driver"
)

// picky is a server with the units 1 to 3; the second has no registers, and
// for the third nobody answers behind the gateway. All others are silent.
type picky struct{ over chan struct{} }

func (p picky) HandleCoils(*modbus.CoilsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}
func (p picky) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}
func (p picky) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}
func (p picky) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	switch r.UnitId {
	case 1:
		return make([]uint16, r.Quantity), nil
	case 2:
		return nil, modbus.ErrIllegalDataAddress
	case 3:
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	<-p.over
	return nil, modbus.ErrGWTargetFailedToRespond
}

func newPicky(t *testing.T) (addr string) {
	t.Helper()
	addr = freeAddr(t)
	p := picky{make(chan struct{})}
	server, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp://" + addr, Timeout: time.Minute, MaxClients: 20}, p)
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(p.over); _ = server.Stop() })
	return addr
}

// discover returns what was found, in order of the names.
func discover(t *testing.T, ctx context.Context, d *Driver) ([]driver.Discovered, error) {
	t.Helper()
	var list []driver.Discovered
	err := d.Discover(ctx, func(f driver.Discovered) { list = append(list, f) })
	slices.SortFunc(list, func(a, b driver.Discovered) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

func TestDiscover(t *testing.T) {
	answers, used, nobody := newPicky(t), newPicky(t), freeAddr(t)
	_, port, _ := net.SplitHostPort(answers)
	_, usedPort, _ := net.SplitHostPort(used)
	_, noPort, _ := net.SplitHostPort(nobody)
	d := newTestDriver(t, Options{Config: map[string]string{
		scanHosts: "127.0.0.1", scanPorts: strings.Join([]string{noPort, usedPort, port}, " "), scanUnits: "1-3 9 1", scanTimeout: "300ms",
	}})
	if err := d.Add(tcpDevice("known", used, nil), nil); err != nil {
		t.Fatal(err)
	}
	found, err := discover(t, t.Context(), d)
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	for i, unit := range []string{"1", "2"} {
		f := found[i]
		if f.Name != "modbus-127-0-0-1-"+port+"-"+unit || f.Description != "found at "+answers+", unit "+unit {
			t.Errorf("%+v", f)
		}
		if p := f.Protocols[protocolTCP]; p["Address"] != "127.0.0.1" || p["Port"] != port || p["UnitID"] != unit {
			t.Errorf("properties %v", p)
		}
		if err := d.Validate(f.Device, []driver.Resource{word(0)}); err != nil {
			t.Error(err)
		}
	}
}

// A gateway that passes frames of RTU is looked through as well.
func TestDiscoverBehindAGateway(t *testing.T) {
	g := newGateway(t, func(a []byte) ([]byte, time.Duration) {
		if a[0] > 2 {
			return nil, 0
		}
		return a, 0
	})
	_, port, _ := net.SplitHostPort(g.listener.Addr().String())
	d := newTestDriver(t, Options{Config: map[string]string{scanHosts: "127.0.0.1", scanPorts: port, scanUnits: "1-4", scanTimeout: "1s", scanFraming: "rtu"}})
	found, err := discover(t, t.Context(), d)
	if err != nil || len(found) != 2 || found[1].Protocols[protocolTCP]["Framing"] != "rtu" || found[1].Protocols[protocolTCP]["UnitID"] != "2" {
		t.Errorf("%+v, %v", found, err)
	}
}

// A discovery ends with its context, in the middle of a request.
func TestDiscoverIsCancelled(t *testing.T) {
	addr := newPicky(t)
	_, port, _ := net.SplitHostPort(addr)
	d := newTestDriver(t, Options{Config: map[string]string{scanHosts: "127.0.0.1", scanPorts: port + " 1-500", scanUnits: "1 9-200", scanTimeout: "30s"}})
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	err := d.Discover(ctx, func(driver.Discovered) { time.AfterFunc(100*time.Millisecond, cancel) }) // in the middle of unit 9
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if ctx.Err() == nil {
		t.Error("nothing was found")
	}
	if took := time.Since(began); took > 20*time.Second { // the time-out of unit 9 is 30 s
		t.Errorf("it took %v", took)
	}
}

func TestDiscoverSaysWhatIsWrong(t *testing.T) {
	_, err := discover(t, t.Context(), newTestDriver(t, Options{}))
	if err == nil || !strings.Contains(err.Error(), "discovery: configuration Driver.DiscoveryHosts says nowhere to look") {
		t.Error(err)
	}
}
