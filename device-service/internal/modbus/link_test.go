package modbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/device-service/internal/driver"
)

func TestPausesGrow(t *testing.T) {
	o := Options{MinPause: time.Second, MaxPause: 8 * time.Second}
	onFakeLine(t, o, -1, 2, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		if got := states(); !slices.Equal(got, []string{"unit1 true", "unit2 true"}) {
			t.Errorf("states %v", got)
		}
		f.set(func() {
			f.dead = true
			f.opens = nil
			f.fail = func(request) error { return io.EOF }
		})
		if err := read(d, 1, 1); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("read: %v", err)
		}
		time.Sleep(40 * time.Second)
		if err := read(d, 2, 1); err == nil {
			t.Error("read of a dead device succeeded")
		}
		f.set(func() { f.dead, f.fail = false, nil })
		time.Sleep(8 * time.Second)
		if got := states(); !slices.Equal(got, []string{"unit1 false", "unit2 false", "unit1 true", "unit2 true"}) {
			t.Errorf("states %v", got)
		}
		var pauses []time.Duration
		f.set(func() {
			for i := 1; i < len(f.opens); i++ {
				pauses = append(pauses, f.opens[i].Sub(f.opens[i-1]))
			}
		})
		want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}
		for len(want) < len(pauses) {
			want = append(want, 8*time.Second)
		}
		if !slices.Equal(pauses, want) {
			t.Errorf("pauses %v, want %v", pauses, want)
		}
	})
}

func TestIdleConnectionIsClosed(t *testing.T) {
	onFakeLine(t, Options{}, "30s", 1, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		states()
		time.Sleep(28 * time.Second) // the probe at add was up to 1 s ago
		if _, closed := f.count(); closed != 0 {
			t.Error("closed too early")
		}
		time.Sleep(2 * time.Second)
		if _, closed := f.count(); closed != 1 {
			t.Errorf("closed %d times", closed)
		}
		if err := read(d, 1, 1); err != nil {
			t.Error(err)
		}
		if got := states(); len(got) != 0 {
			t.Errorf("an idle connection is no change of state: %v", got)
		}
	})
}

func TestIdleZeroOpensForEachRequest(t *testing.T) {
	onFakeLine(t, Options{}, 0, 1, func(t *testing.T, d *Driver, f *fakeLine, _ func() []string) {
		before, _ := f.count()
		for range 3 {
			if err := read(d, 1, 1); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		if opened, closed := f.count(); opened-before != 3 || closed != opened {
			t.Errorf("opened %d times for 3 reads, closed %d of %d", opened-before, closed, opened)
		}
	})
}

// A connection that the peer has closed is noticed by the next request.
func TestStaleConnection(t *testing.T) {
	onFakeLine(t, Options{}, -1, 1, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		states()
		once := func(request) error {
			f.fail = nil
			return io.EOF
		}
		f.set(func() { f.fail = once })
		if err := read(d, 1, 7); err != nil {
			t.Errorf("the read is not tried again: %v", err)
		}
		f.set(func() { f.fail = once })
		err := d.Write(t.Context(), "unit1", []driver.Write{{Resource: word(8), Value: uint16(1)}})
		if len(driver.NotWritten(err)) != 1 {
			t.Errorf("write: %v", err)
		}
		time.Sleep(time.Second)
		if got := f.take(); !slices.Equal(got, []string{"read 7@1", "read 7@1", "write 8@1", "read 0@1"}) {
			t.Errorf("requests %v: the write may have been done, so it is not made twice", got)
		}
		if got := states(); len(got) != 0 {
			t.Errorf("states %v", got)
		}
	})
}

// One lost answer is an error of its read, but no change of state; the
// connection is closed nevertheless.
func TestOneLostAnswer(t *testing.T) {
	onFakeLine(t, Options{}, -1, 1, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		states()
		f.set(func() {
			f.fail = func(request) error {
				f.fail = nil
				return modbus.ErrRequestTimedOut
			}
		})
		if err := read(d, 1, 1); !errors.Is(err, modbus.ErrRequestTimedOut) {
			t.Errorf("read: %v", err)
		}
		time.Sleep(time.Second)
		if err := read(d, 1, 1); err != nil {
			t.Error(err)
		}
		if got := states(); len(got) != 0 {
			t.Errorf("states %v", got)
		}
		if opened, closed := f.count(); opened != 2 || closed != 1 {
			t.Errorf("opened %d, closed %d", opened, closed)
		}
	})
}

// A dead unit behind a gateway costs the others a time-out per pause, not one
// per read.
func TestDeadUnitDoesNotHoldUpTheOthers(t *testing.T) {
	o := Options{MinPause: time.Second, MaxPause: 10 * time.Second}
	onFakeLine(t, o, -1, 2, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		states()
		f.set(func() {
			f.fail = func(r request) error {
				if r.unit == 2 {
					return modbus.ErrGWTargetFailedToRespond
				}
				return nil
			}
		})
		for range 60 {
			if err := read(d, 1, 1); err != nil {
				t.Fatal(err)
			}
			if err := read(d, 2, 1); err == nil {
				t.Fatal("read of a dead unit succeeded")
			}
			time.Sleep(time.Second)
		}
		dead := 0
		for _, r := range f.take() {
			if strings.HasSuffix(r, "@2") {
				dead++
			}
		}
		if dead < 5 || dead > 12 {
			t.Errorf("%d requests to the dead unit in a minute", dead)
		}
		if got := states(); !slices.Equal(got, []string{"unit2 false"}) {
			t.Errorf("states %v", got)
		}
		f.set(func() { f.fail = nil })
		time.Sleep(10 * time.Second)
		if got := states(); !slices.Equal(got, []string{"unit2 true"}) {
			t.Errorf("states %v", got)
		}
		if opened, _ := f.count(); opened != 1 {
			t.Errorf("opened %d times: a gateway's answer leaves the connection in order", opened)
		}
	})
}

// However many dead units there are, the living one gets its turns, and each
// of the dead is noticed when it is back.
func TestManyDeadUnits(t *testing.T) {
	const units = 12
	o := Options{MaxPause: time.Second} // less than the probes of the dead take
	onFakeLine(t, o, -1, units, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		states()
		silent := map[uint8]bool{}
		for unit := 2; unit <= units; unit++ {
			silent[uint8(unit)] = true
		}
		f.set(func() { f.silent = silent })
		for unit := 2; unit <= units; unit++ {
			go func() { _ = read(d, unit, 1) }()
		}
		time.Sleep(2 * time.Minute)
		if got := states(); len(got) != units-1 {
			t.Errorf("states %v", got)
		}
		for range 30 {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, err := d.Read(ctx, "unit1", []driver.Resource{word(1)})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 200*time.Millisecond {
				t.Errorf("a read took %v", took)
			}
			time.Sleep(time.Second)
		}
		f.set(func() { f.silent = nil })
		time.Sleep(20 * time.Second)
		if got := states(); len(got) != units-1 {
			t.Errorf("states %v", got)
		}
	})
}

func TestLongestTimeoutOfTheLine(t *testing.T) {
	onFakeLine(t, Options{}, -1, 2, func(t *testing.T, d *Driver, f *fakeLine, _ func() []string) {
		slow := tcpDevice("unit2", "plc:502", map[string]any{"UnitID": 2, "Timeout": "3s"})
		if err := d.Add(slow, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		f.set(func() {
			if f.timeout != 3*time.Second || f.opened != 2 {
				t.Errorf("time-out %v, opened %d times", f.timeout, f.opened)
			}
		})
	})
}

func TestReplacingADeviceIsNoChangeOfState(t *testing.T) {
	onFakeLine(t, Options{}, -1, 1, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		states()
		for _, unit := range []int{1, 2} {
			if err := d.Add(tcpDevice("unit1", "plc:502", map[string]any{"UnitID": unit, "IdleTimeout": -1, "Timeout": "150ms"}), nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if got := states(); !slices.Equal(got, []string{"unit1 true"}) {
			t.Errorf("states %v, want one, of what is another unit now", got)
		}
		if opened, _ := f.count(); opened != 1 {
			t.Errorf("opened %d times", opened)
		}
	})
}

func TestSerialLineHasOneSetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeLine{}
		d := New(slog.New(slog.DiscardHandler), Options{})
		d.open = f.open
		serial := func(name string, baud int) driver.Device {
			return driver.Device{Name: name, Protocols: map[string]map[string]any{
				protocolRTU: {"Address": "/dev/ttyUSB0", "BaudRate": baud, "Parity": "N"},
			}}
		}
		for _, name := range []string{"one", "two"} {
			if err := d.Add(serial(name, 9600), nil); err != nil {
				t.Fatal(err)
			}
		}
		err := d.Add(serial("two", 19200), nil)
		want := `add: device "two" wants rtu:///dev/ttyUSB0 as 19200 8N1, but device "one" has it as 9600 8N1`
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		d.Remove("one")
		if err := d.Add(serial("two", 19200), nil); err != nil {
			t.Errorf("the only device may change the line: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

// After a lost answer on a serial line, there is a time-out's silence before
// the next request, and the first answer of that unit is no value.
func TestSerialLineSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeLine{}
		d := New(slog.New(slog.DiscardHandler), Options{})
		d.open = f.open
		for unit := 1; unit <= 2; unit++ {
			dev := driver.Device{Name: fmt.Sprint("unit", unit), Protocols: map[string]map[string]any{protocolRTU: {"Address": "/dev/ttyUSB0", "UnitID": unit}}}
			if err := d.Add(dev, []driver.Resource{word(0)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		f.take()
		f.set(func() {
			f.fail = func(request) error {
				f.fail = nil
				return modbus.ErrRequestTimedOut
			}
		})
		if err := read(d, 1, 1); err == nil {
			t.Error("the read succeeded")
		}
		time.Sleep(time.Minute)
		if err := read(d, 2, 2); err != nil {
			t.Error(err)
		}
		want := []string{"read 1@1", "drain", "read 0@1", "drain", "read 0@1", "read 2@2"}
		if got := f.take(); !slices.Equal(got, want) {
			t.Errorf("requests %v, want %v", got, want)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The second lost answer in a row, that of the probe, is a change of state;
// then reads end at once until a probe is answered.
func TestTwoLostAnswers(t *testing.T) {
	onFakeLine(t, Options{MinPause: time.Second}, -1, 1, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		states()
		f.set(func() { f.fail = func(request) error { return modbus.ErrRequestTimedOut } })
		for range 3 {
			if err := read(d, 1, 1); !errors.Is(err, modbus.ErrRequestTimedOut) {
				t.Errorf("read: %v", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if got := f.take(); !slices.Equal(got, []string{"read 1@1", "read 0@1"}) {
			t.Errorf("requests %v", got)
		}
		if got := states(); !slices.Equal(got, []string{"unit1 false"}) {
			t.Errorf("states %v", got)
		}
	})
}
