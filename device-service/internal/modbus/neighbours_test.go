package modbus

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/schedule"
)

// A slave that always takes almost as long as it may, and that somebody floods
// with commands, costs its neighbours on the line one answer of its own a turn:
// they keep their cycle.
func TestSlowSlaveOnASharedLine(t *testing.T) {
	const units, cycles = 5, 30
	onFakeLine(t, Options{}, -1, units, func(t *testing.T, d *Driver, f *fakeLine, states func() []string) {
		f.set(func() { f.slow = map[uint8]time.Duration{2: 130 * time.Millisecond} })
		scheduler := schedule.New(d)
		var late time.Duration
		got := map[int]int{}
		var missed uint64
		for unit := 1; unit <= units; unit++ {
			if unit == 2 {
				continue
			}
			scheduler.Set(fmt.Sprint("unit", unit), []schedule.Event{{
				Source: "all", Interval: time.Second, Resources: []driver.Resource{word(1)},
				Emit: func(r schedule.Result) {
					f.set(func() {
						got[unit]++
						late = max(late, time.Since(r.Due))
						missed += r.Missed
						if r.Err != nil {
							t.Errorf("unit%d: %v", unit, r.Err)
						}
					})
				},
			}})
		}
		stop := time.Now().Add(cycles*time.Second + time.Second/2)
		for range 8 {
			go func() {
				for time.Now().Before(stop) {
					if err := read(d, 2, 1); err != nil {
						t.Errorf("the slow one: %v", err)
					}
				}
			}()
		}
		time.Sleep(time.Until(stop) + 2*time.Second)
		scheduler.Close()
		synctest.Wait()
		for unit := 1; unit <= units; unit++ {
			if n := got[unit]; unit != 2 && n < cycles {
				t.Errorf("unit%d has %d values in %d cycles", unit, n, cycles)
			}
		}
		// at worst each of the four waits for one answer of the slow one per turn
		if most := 4 * (140 + 10) * time.Millisecond; missed > 0 || late > most {
			t.Errorf("%d ticks missed, %v late", missed, late)
		}
		if got := states(); len(got) != units {
			t.Errorf("states %v", got)
		}
	})
}

// Auto-events of a device that are due together share their request.
func TestAutoEventsShareRequests(t *testing.T) {
	onFakeLine(t, Options{}, -1, 1, func(t *testing.T, d *Driver, f *fakeLine, _ func() []string) {
		scheduler := schedule.New(d)
		got := map[string]int{}
		event := func(source string, every time.Duration, resources ...driver.Resource) schedule.Event {
			return schedule.Event{Source: source, Interval: every, Resources: resources, Emit: func(r schedule.Result) {
				if r.Err != nil || len(r.Readings) != len(resources) {
					t.Errorf("%s: %+v", source, r)
				}
				f.set(func() { got[source]++ })
			}}
		}
		scheduler.Set("unit1", []schedule.Event{event("each", time.Second, words(10, 1)...), event("second", 2*time.Second, word(9), word(20)), event("third", 3*time.Second, word(15))})
		time.Sleep(6*time.Second + 500*time.Millisecond)
		scheduler.Close()
		synctest.Wait()
		if requests := f.take(); len(requests) != 6 || got["each"] != 6 || got["second"] != 3 || got["third"] != 2 {
			t.Errorf("%q for %v", requests, got)
		}
	})
}

// While a gateway restarts, the devices behind another keep their cycle; those
// behind it come back by themselves.
func TestGatewayRestart(t *testing.T) {
	gateway, other := newSimulator(t), newSimulator(t)
	d := newTestDriver(t, Options{})
	add := func(name, addr string, unit int) {
		if err := d.Add(tcpDevice(name, addr, map[string]any{"UnitID": unit}), nil); err != nil {
			t.Fatal(err)
		}
	}
	for unit := 1; unit <= 5; unit++ {
		add(fmt.Sprint("behind", unit), gateway.addr, unit)
	}
	add("other", other.addr, 1)
	good := func(name string) error {
		readings, err := d.Read(t.Context(), name, words(16, 1))
		for i := range readings {
			if readings[i].Err != nil || readings[i].Value != uint16(i) {
				t.Fatalf("%s: %+v", name, readings[i])
			}
		}
		return err
	}
	all := func() (err error) {
		for unit := 1; unit <= 5 && err == nil; unit++ {
			err = good(fmt.Sprint("behind", unit))
		}
		return err
	}
	await := func(what string, f func() error) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			err := f()
			if err == nil {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %v", what, err)
			}
		}
	}
	await("the other", func() error { return good("other") })
	for range 3 {
		await("all", all)
		gateway.stop()
		for range 50 {
			if err := good("other"); err != nil {
				t.Errorf("the other gateway: %v", err)
			}
			if err := good("behind3"); err == nil {
				t.Error("a gateway that is away has values")
			}
		}
		gateway.start(t)
	}
	await("all again", all)
}
