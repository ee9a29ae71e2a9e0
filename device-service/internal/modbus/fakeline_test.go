package modbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/device-service/internal/driver"
)

// fakeLine stands for the connection of a line: it takes 10 ms for an
// exchange, and the test says how exchanges and attempts to connect end.
type fakeLine struct {
	mu       sync.Mutex
	dead     bool                // no connection can be opened
	fail     func(request) error // nil: the exchange is fine
	silent   map[uint8]bool      // units that do not answer
	slow     map[uint8]time.Duration
	opened   int
	closed   int
	opens    []time.Time // attempts
	timeout  time.Duration
	requests []string
}

func (f *fakeLine) open(_ wire, timeout time.Duration) (conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opens = append(f.opens, time.Now())
	f.timeout = timeout
	if f.dead {
		return nil, errors.New("connection refused")
	}
	f.opened++
	return f, nil
}

func (f *fakeLine) exchange(r request) (answer, error) {
	f.mu.Lock()
	slow := f.slow[r.unit]
	f.mu.Unlock()
	time.Sleep(10*time.Millisecond + slow)
	f.mu.Lock()
	if f.silent[r.unit] {
		timeout := f.timeout
		f.mu.Unlock()
		time.Sleep(timeout)
		return answer{}, modbus.ErrRequestTimedOut
	}
	defer f.mu.Unlock()
	verb := "read"
	if r.write {
		verb = "write"
	}
	f.requests = append(f.requests, fmt.Sprintf("%s %d@%d", verb, r.span.start, r.unit))
	if f.fail != nil {
		if err := f.fail(r); err != nil {
			return answer{}, err
		}
	}
	return answer{registers: make([]uint16, r.span.count), bits: make([]bool, r.span.count), time: time.Now()}, nil
}

func (f *fakeLine) drain(silence time.Duration) (bool, error) {
	time.Sleep(silence)
	f.mu.Lock()
	defer f.mu.Unlock()
	if silence >= f.timeout {
		f.requests = append(f.requests, "drain")
	}
	return false, nil
}

func (f *fakeLine) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

// set changes how the line behaves, or looks at it.
func (f *fakeLine) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// count tells how often the connection was opened and closed.
func (f *fakeLine) count() (opened, closed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened, f.closed
}

// take returns the requests since the last call.
func (f *fakeLine) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.requests
	f.requests = nil
	return r
}

// onFakeLine runs a test with the devices unit1, unit2 … on one fake line,
// after their first probes.
func onFakeLine(t *testing.T, o Options, idle any, units int, test func(*testing.T, *Driver, *fakeLine, func() []string)) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeLine{}
		d := New(slog.New(slog.DiscardHandler), o)
		d.open = f.open
		var mu sync.Mutex
		var states []string
		d.OnState(func(device string, s driver.State) {
			mu.Lock()
			defer mu.Unlock()
			states = append(states, fmt.Sprint(device, " ", s.Up))
		})
		for n := 1; n <= units; n++ {
			dev := tcpDevice(fmt.Sprintf("unit%d", n), "plc:502", map[string]any{"UnitID": n, "IdleTimeout": idle, "Timeout": "150ms"})
			if err := d.Add(dev, []driver.Resource{word(0)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		f.take()
		test(t, d, f, func() []string {
			mu.Lock()
			defer mu.Unlock()
			s := states
			states = nil
			return s
		})
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if opened, closed := f.count(); opened != closed {
			t.Errorf("%d connections opened, %d closed", opened, closed)
		}
	})
}

func word(start int) driver.Resource {
	return resource(fmt.Sprint("w", start), "Uint16", "HOLDING_REGISTERS", start)
}

func read(d *Driver, unit, start int) error {
	_, err := d.Read(context.Background(), fmt.Sprint("unit", unit), []driver.Resource{word(start)})
	return err
}
