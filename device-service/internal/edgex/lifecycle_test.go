package edgex

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// once measures that a source with an interval of 50 ms has exactly one
// schedule: a second one would make twice as many events as there are ticks
// between the origins of the first and the last.
func (r *rig) once(device, source string) {
	r.t.Helper()
	r.clear()
	r.until("events of "+source, func() bool { return len(r.take(device, source)) >= 12 })
	got := r.take(device, source)
	span := time.Duration(got[len(got)-1].event.Origin - got[0].event.Origin)
	if ticks := int(span / (50 * time.Millisecond)); len(got)-1 > ticks+1 {
		r.t.Errorf("%d events of %s in %d ticks", len(got), source, ticks)
	}
}

// silent waits until a source sends no events: none while D1 sends ten with
// the same interval.
func (r *rig) silent(device, source string) {
	r.t.Helper()
	r.until("silence of "+source, func() bool {
		r.clear()
		r.until("events of D1", func() bool { return len(r.take("D1", "All")) >= 10 })
		return len(r.take(device, source)) == 0
	})
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func testOneSchedule(t *testing.T, r *rig) {
	d3 := dtos.Device{
		Name: "D3", ServiceName: "device-test", ProfileName: "P", AdminState: models.Unlocked, OperatingState: models.Up,
		Protocols:  map[string]dtos.ProtocolProperties{"fake": {"Address": "z"}},
		AutoEvents: []dtos.AutoEvent{{Interval: "50ms", SourceName: "All"}, {Interval: "50ms", SourceName: "Tenth"}},
	}
	r.must(r.meta.add(d3))
	r.once("D3", "All")
	adds := r.fake.addsOf("D3")

	for _, label := range []string{"a", "b", "c"} { // changes nothing that we serve
		r.must(r.meta.change("D3", func(d *dtos.Device) { d.Labels = []string{label} }))
	}
	r.once("D3", "All")
	if r.fake.addsOf("D3") != adds {
		t.Error("a new label made the driver start over")
	}

	r.must(r.meta.change("D3", func(d *dtos.Device) { d.Protocols["fake"]["Address"] = "new" }))
	r.until("the new address", func() bool { return r.fake.addsOf("D3") == adds+1 })
	r.once("D3", "All")

	lock := func(state string) func(*dtos.Device) { return func(d *dtos.Device) { d.AdminState = state } }
	r.must(r.meta.change("D3", lock(models.Locked)))
	r.until("423", func() bool { code, _ := r.call("GET", "device/name/D3/All", ""); return code == 423 })
	r.silent("D3", "All")
	r.must(r.meta.change("D3", lock(models.Unlocked)))
	r.once("D3", "All")

	r.must(r.meta.change("D3", func(d *dtos.Device) { d.OperatingState = models.Down }))
	r.until("423", func() bool { code, _ := r.call("GET", "device/name/D3/All", ""); return code == 423 })
	r.silent("D3", "All")
	r.must(r.meta.change("D3", func(d *dtos.Device) { d.OperatingState = models.Up }))
	r.once("D3", "All")

	// A new profile reaches driver and events, and the auto-events stay.
	r.must(r.meta.changeProfile("device-test", "P", func(p *dtos.DeviceProfile) {
		p.DeviceResources[1].Properties.Units = "mm"
		p.DeviceResources[1].Attributes = map[string]any{"register": 9}
	}))
	r.until("the new unit", func() bool {
		e := r.last("D3", "Tenth")
		return len(e.Readings) == 1 && e.Readings[0].Units == "mm"
	})
	r.once("D3", "All")
	r.once("D3", "Tenth")
	r.fake.mu.Lock()
	if got := r.fake.devices["D3"][1].Attributes["register"]; got != 9.0 {
		t.Errorf("the driver has register %v", got)
	}
	r.fake.mu.Unlock()

	r.must(r.meta.change("D3", func(d *dtos.Device) { d.AutoEvents = d.AutoEvents[:1] }))
	r.silent("D3", "Tenth")
	r.once("D3", "All")
	r.must(r.meta.change("D3", func(d *dtos.Device) { d.AutoEvents = nil }))
	r.silent("D3", "All")

	r.must(r.meta.change("D3", func(d *dtos.Device) { d.AutoEvents = []dtos.AutoEvent{{Interval: "50ms", SourceName: "All"}} }))
	r.once("D3", "All")
	r.must(r.meta.remove("D3"))
	r.until("404", func() bool { code, _ := r.call("GET", "device/name/D3/All", ""); return code == 404 })
	r.silent("D3", "All")
	if slices.Contains(r.fake.known(), "D3") {
		t.Error("the driver still has D3")
	}
	r.once("D1", "All")
}

// testAssertion: a value that is not the asserted one sets the device down.
func testAssertion(t *testing.T, r *rig) {
	r.must(r.meta.changeProfile("elsewhere", "Asserted", func(p *dtos.DeviceProfile) {
		p.Name = "Asserted"
		p.DeviceResources = []dtos.DeviceResource{{Name: "Sound", Properties: dtos.ResourceProperties{ValueType: "Bool", ReadWrite: "RW", Assertion: "true"}}}
	}))
	r.fake.set("Sound", true)
	r.must(r.meta.add(dtos.Device{
		Name: "D6", ServiceName: "device-test", ProfileName: "Asserted", AdminState: models.Unlocked, OperatingState: models.Up,
		Protocols:  map[string]dtos.ProtocolProperties{"fake": {"Address": "x"}},
		AutoEvents: []dtos.AutoEvent{{Interval: "50ms", SourceName: "Sound"}},
	}))
	r.once("D6", "Sound")
	r.fake.breakDown("D6", errors.New("no line"))
	if code, text := r.call("PUT", "device/name/D6/Sound", `{"Sound":"false"}`); code != 500 || !strings.Contains(text, "no line") {
		t.Errorf("set on a dead line: %d %s", code, text)
	}
	r.fake.breakDown("D6", nil)
	r.once("D6", "Sound")
	r.fake.set("Sound", false)
	r.until("DOWN", func() bool {
		r.meta.mu.Lock()
		defer r.meta.mu.Unlock()
		return r.meta.devices["D6"].OperatingState == models.Down
	})
	for _, e := range r.take("D6", "Sound") {
		if e.event.Readings[0].Value != "true" {
			t.Errorf("the wrong value was published: %v", e.event.Readings[0])
		}
	}
	r.until("423", func() bool { code, _ := r.call("GET", "device/name/D6/Sound", ""); return code == 423 })
	r.silent("D6", "Sound")
	r.must(r.meta.remove("D6"))
}

// testServiceLocked: no events while the service is locked, and one schedule after.
func testServiceLocked(t *testing.T, r *rig) {
	if raceDetector {
		t.Skip("the SDK changes its admin state without a lock")
	}
	r.must(r.meta.lockService("device-test", models.Locked))
	r.until("423", func() bool { code, _ := r.call("GET", "device/name/D1/All", ""); return code == 423 })
	r.until("no more events", func() bool {
		r.clear()
		time.Sleep(300 * time.Millisecond) // six intervals
		return len(r.take("D1", "All")) == 0
	})
	r.must(r.meta.lockService("device-test", models.Unlocked))
	r.once("D1", "All")
}

// secondRun is why only one service is run under the race detector.
const secondRun = "the SDK does not wait for its goroutines, and keeps its caches in globals"

// testRestart starts the service again: core-metadata knows it and its devices now.
func testRestart(t *testing.T, r *rig) {
	if raceDetector {
		t.Skip(secondRun)
	}
	r.stop()
	r.clear()
	r.meta.trace()
	r.start(r.fake)
	r.once("D1", "All")
	// Profiles are asked for as well, by what the SDK left running at the end, too.
	got := slices.DeleteFunc(r.meta.trace(), func(call string) bool { return call == "GET deviceprofile/name/P" })
	want := []string{
		"GET device/service/name/device-test",
		"GET provisionwatcher/service/name/device-test",
		"GET deviceservice/name/device-test",
		"PATCH deviceservice",
	}
	if !slices.Equal(got, want) {
		t.Errorf("calls at restart:\n%s", strings.Join(got, "\n"))
	}
	if code, text := r.call("GET", "device/name/D1/All", ""); code != 200 {
		t.Errorf("command after restart: %d %s", code, text)
	}
	r.must(r.meta.changeProfile("device-test", "P", func(p *dtos.DeviceProfile) { p.DeviceResources[0].Properties.Units = "kPa" }))
	r.until("the new unit", func() bool {
		e := r.last("D1", "All")
		return len(e.Readings) > 0 && e.Readings[0].Units == "kPa"
	})
	r.once("D1", "All")
}

// TestLateNeighbours starts a service before the broker and core-metadata are
// there: it waits for both.
func TestLateNeighbours(t *testing.T) {
	if raceDetector {
		t.Skip(secondRun)
	}
	r := newRig(t)
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	r.broker.Shutdown()
	r.broker.WaitForShutdown()
	r.metaSrv.Close()
	stays := func(what string) {
		t.Helper()
		select {
		case err := <-r.ended:
			t.Fatalf("without %s the service ends: %v", what, err)
		case <-time.After(1500 * time.Millisecond): // longer than one attempt
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // no luck for the pool of early requests
	r.start(filledDriver())
	r.until("404", func() bool { return r.pings(8, 404) }) // the SDK's routes come later
	stays("broker and core-metadata")
	r.startBroker()
	stays("core-metadata")
	r.startMetadata()
	r.once("D1", "All")
	if !r.pings(32, 200) {
		t.Error("requests fail after earlier ones that came before the routes")
	}
	r.stop()
}

// pings tells whether all of so many requests, each on a connection of its
// own, get an answer with that status.
func (r *rig) pings(count, status int) bool {
	var good atomic.Int64
	var all sync.WaitGroup
	for range count {
		all.Go(func() {
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			res, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/api/v3/ping", r.port))
			if err != nil {
				return
			}
			defer res.Body.Close()
			if res.StatusCode == status {
				good.Add(1)
			}
		})
	}
	all.Wait()
	return good.Load() == int64(count)
}
