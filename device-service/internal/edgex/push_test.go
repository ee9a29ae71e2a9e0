package edgex

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/google/go-cmp/cmp"

	"sluice/device-service/internal/driver"
)

// pushingDriver is a driver whose devices push what the test says.
type pushingDriver struct {
	*fakeDriver
	mu     sync.Mutex
	pushes map[string]func([]driver.Reading)
}

func newPushingDriver() *pushingDriver {
	return &pushingDriver{fakeDriver: filledDriver(), pushes: map[string]func([]driver.Reading){}}
}

func (d *pushingDriver) Subscribe(device string, push func([]driver.Reading)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pushes[device] = push
	return nil
}

func (d *pushingDriver) Unsubscribe(device string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.pushes, device)
}

func (d *pushingDriver) subscribed(device string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pushes[device] != nil
}

func (d *pushingDriver) push(device string, readings ...driver.Reading) {
	d.mu.Lock()
	push := d.pushes[device]
	d.mu.Unlock()
	push(readings)
}

// TestPushes runs a service whose devices push, through their life.
func TestPushes(t *testing.T) {
	r := newRig(t)
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	d := newPushingDriver()
	r.startWith(func(Env) driver.Driver { return d })
	defer r.stop()
	r.until("both devices push", func() bool { return d.subscribed("D1") && d.subscribed("D2") })
	r.until("the service runs", func() bool { code, _ := r.call("GET", "ping", ""); return code == 200 })
	for _, step := range []struct {
		name string
		run  func(*testing.T, *rig, *pushingDriver)
	}{{"events", pushedEvents}, {"many", manyPushes}, {"life", lifeOfPushes}} {
		t.Run(step.name, func(t *testing.T) { r.t = t; step.run(t, r, d) })
	}
	r.t = t
}

func pushedEvents(t *testing.T, r *rig, d *pushingDriver) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	d.push("D2",
		driver.Reading{Resource: "Third", Value: 1.0 / 3, Time: at, Tags: map[string]string{"quality": "Uncertain", driver.GapTag: driver.GapReconnect}},
		driver.Reading{Resource: "Scaled", Value: 253.0, Time: at},
		driver.Reading{Resource: "Tenth", Err: errors.New("no node")},
		driver.Reading{Resource: "Nobody", Value: 1.0},
		driver.Reading{Resource: "Flag", Value: true, Time: at},
	)
	r.until("the last event", func() bool { return len(r.take("D2", "Flag")) == 1 })
	got := map[string]dtos.BaseReading{}
	for _, source := range []string{"Third", "Scaled", "Tenth", "Flag", "Nobody"} {
		for _, e := range r.take("D2", source) {
			if len(e.event.Readings) != 1 || e.event.ProfileName != "P" || e.topic != "edgex/events/device/device-test/P/D2/"+source {
				t.Errorf("%s: %+v", e.topic, e.event)
			}
			got[source] = e.event.Readings[0]
			if got[source].Origin != at.UnixNano() {
				t.Errorf("%s: origin %d", source, got[source].Origin)
			}
		}
	}
	short := map[string][]any{}
	for source, reading := range got {
		short[source] = []any{reading.ResourceName, reading.ValueType, reading.Value, reading.Units, map[string]any(reading.Tags)}
	}
	want := map[string][]any{
		"Third":  {"Third", "Float64", "0.3333333333333333", "bar", map[string]any{"line": "a", "quality": "Uncertain", "gap": "reconnect"}},
		"Scaled": {"Scaled", "Float64", "25.3", "", map[string]any(nil)},
		"Flag":   {"Flag", "String", "ON", "", map[string]any(nil)},
	}
	if diff := cmp.Diff(want, short); diff != "" {
		t.Error(diff)
	}
}

// More changes at once than the queue holds: all arrive, in order.
func manyPushes(t *testing.T, r *rig, d *pushingDriver) {
	const count = queueLimit + 2000
	r.clear()
	for i := 0; i < count; {
		var batch []driver.Reading
		for range 1000 {
			batch = append(batch, driver.Reading{Resource: "Count", Value: int32(i), Time: time.Now()})
			i++
		}
		d.push("D2", batch...)
	}
	total := (count + 999) / 1000 * 1000
	r.until("all events", func() bool { return r.count("D2", "Count") >= total })
	for i, e := range r.take("D2", "Count") {
		if e.event.Readings[0].Value != strconv.Itoa(i) {
			t.Fatalf("event %d has %s", i, e.event.Readings[0].Value)
		}
	}
}

// count is how many events of a source there are; it keeps the subscriber
// waiting for less long than take.
func (r *rig) count(device, source string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.events {
		if e := &r.events[i].event; e.DeviceName == device && e.SourceName == source {
			n++
		}
	}
	return n
}

func lifeOfPushes(t *testing.T, r *rig, d *pushingDriver) {
	change := func(edit func(*dtos.Device)) {
		t.Helper()
		if err := r.meta.change("D2", edit); err != nil {
			t.Fatal(err)
		}
	}
	change(func(d *dtos.Device) { d.AdminState = models.Locked })
	r.until("a locked device is silent", func() bool { return !d.subscribed("D2") })
	change(func(d *dtos.Device) { d.AdminState, d.Tags = models.Unlocked, map[string]any{"site": "hall"} })
	r.until("it pushes again", func() bool { return d.subscribed("D2") })
	r.clear()
	d.push("D2", driver.Reading{Resource: "Count", Value: int32(5)})
	r.until("its event has the new tag", func() bool {
		e := r.last("D2", "Count")
		return e.Tags["site"] == "hall" && e.Readings[0].Origin == e.Origin
	})
	if !raceDetector { // the SDK changes its admin state without a lock
		if err := r.meta.lockService("device-test", models.Locked); err != nil {
			t.Fatal(err)
		}
		r.until("a locked service is silent", func() bool { return !d.subscribed("D1") && !d.subscribed("D2") })
		if err := r.meta.lockService("device-test", models.Unlocked); err != nil {
			t.Fatal(err)
		}
		r.until("all push again", func() bool { return d.subscribed("D1") && d.subscribed("D2") })
	}
	if err := r.meta.remove("D2"); err != nil {
		t.Fatal(err)
	}
	r.until("a removed device is silent", func() bool { return !d.subscribed("D2") })
}

func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(&fakeBus{}, nil, nil, 0, nil)
		p.room(t.Context())
		for range longQueue {
			p.send(&dtos.Event{})
		}
		var passed atomic.Int64
		wait := func(ctx context.Context) {
			go func() { p.room(ctx); passed.Add(1) }()
			synctest.Wait()
		}
		wait(t.Context())
		wait(t.Context())
		for range longQueue - shortQueue - 1 {
			p.take()
		}
		synctest.Wait()
		if passed.Load() != 0 {
			t.Fatal("nobody waits for a long queue")
		}
		p.take()
		synctest.Wait()
		if passed.Load() != 2 {
			t.Fatalf("%d of 2 go on when the queue is short", passed.Load())
		}
		for range longQueue {
			p.send(&dtos.Event{})
		}
		done, cancel := context.WithCancel(t.Context())
		wait(done)
		wait(t.Context())
		cancel()
		synctest.Wait()
		if passed.Load() != 3 {
			t.Fatalf("%d, want 3 after a context has ended", passed.Load())
		}
		p.stall(true)
		synctest.Wait()
		wait(t.Context())
		if passed.Load() != 5 {
			t.Fatalf("%d, want 5 while the bus is away", passed.Load())
		}
		p.stall(false)
		wait(t.Context())
		if passed.Load() != 5 {
			t.Fatalf("%d, want 5 when it is back", passed.Load())
		}
		for p.take() != nil {
		}
	})
}
