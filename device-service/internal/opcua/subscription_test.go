package opcua

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// inbox keeps what devices push, by resource.
type inbox struct {
	mu  sync.Mutex
	all map[string][]driver.Reading
	log strings.Builder // of the driver
}

// Write takes a line of the log.
func (b *inbox) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(line)
}

// logged counts the lines with a text.
func (b *inbox) logged(text string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.log.String(), text)
}

func (b *inbox) push(readings []driver.Reading) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[string][]driver.Reading{}
	}
	for _, r := range readings {
		b.all[r.Resource] = append(b.all[r.Resource], r)
	}
}

func (b *inbox) of(resource string) []driver.Reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.all[resource])
}

func (b *inbox) last(resource string) driver.Reading {
	all := b.of(resource)
	if len(all) == 0 {
		return driver.Reading{}
	}
	return all[len(all)-1]
}

// gaps are the readings of a resource with the tag.
func (b *inbox) gaps(resource string) []string {
	var out []string
	for _, r := range b.of(resource) {
		if why := r.Tags[driver.GapTag]; why != "" {
			out = append(out, why)
		}
	}
	return out
}

func (b *inbox) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.all)
}

// fast is a device that is told every change at once.
func fast(name, endpoint string) driver.Device {
	d := deviceAt(name, endpoint)
	maps.Copy(d.Protocols[Protocol], map[string]any{
		"Resources": "*", "PublishingInterval": "50ms", "SamplingInterval": "0s", "QueueSize": "100", "KeepAliveCount": 4,
	})
	return d
}

func peerNode(name string, t driver.Type) driver.Resource {
	return driver.Resource{Name: name, Type: t, Readable: true, Writable: true, Attributes: map[string]any{nodeIDAttribute: "nsu=urn:peer;s=" + name}}
}

func counters(n int) []driver.Resource {
	out := make([]driver.Resource, n)
	for i := range out {
		out[i] = peerNode("C"+strconv.Itoa(i), "Int32")
	}
	return out
}

// subscribeTo makes a device of a driver push into an inbox.
func subscribeTo(t *testing.T, d *Driver, dev driver.Device, resources []driver.Resource) *inbox {
	t.Helper()
	b := &inbox{}
	d.options.Log = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), b), nil))
	add(t, d, dev, resources...)
	if err := d.Subscribe(dev.Name, b.push); err != nil {
		t.Fatal(err)
	}
	return b
}

// awaitCount waits until all counters have reached a count.
func (b *inbox) awaitCount(t *testing.T, resources []driver.Resource, count int) {
	t.Helper()
	await(t, fmt.Sprintf("count %d", count), func() bool {
		return !slices.ContainsFunc(resources, func(r driver.Resource) bool { return b.last(r.Name).Value != int32(count) })
	})
}

// checkOnce finds values that came twice, not in order or, without a gap, not at all.
func (b *inbox) checkOnce(t *testing.T, resources []driver.Resource) {
	t.Helper()
	for _, r := range resources {
		before := int32(-1)
		for i, reading := range b.of(r.Name) {
			value, ok := reading.Value.(int32)
			switch {
			case !ok:
				t.Fatalf("%s: reading %d: %+v", r.Name, i, reading)
			case reading.Tags[driver.GapTag] != "" && value >= before:
			case i > 0 && value != before+1:
				t.Fatalf("%s: %d after %d", r.Name, value, before)
			}
			before = value
		}
	}
}

// peerRelay stands before a node-opcua server.
func peerRelay(t *testing.T, peer *servers.OPCUA) *relay {
	t.Helper()
	r := newRelay(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(peer.Port)))
	r.Start()
	return r
}

func stepTo(t *testing.T, peer *servers.OPCUA, steps int) int {
	t.Helper()
	count := 0
	for range steps {
		n, err := strconv.Atoi(peer.Tell(t, "step"))
		if err != nil {
			t.Fatal(err)
		}
		count = n
	}
	return count
}

func subscriptions(t *testing.T, peer *servers.OPCUA) {
	peer.Tell(t, "counters 1000")
	withPeer(t, peer, []peerTest{
		{"every change once and in order", everyChange},
		{"more items than a request may have", manyItems},
		{"one bad node among 100", oneBadNode},
		{"one subscription for devices of one pace", sharedSubscription},
		{"more subscriptions than the server takes", subscriptionRefused},
		{"quality and time", qualityAndTime},
		{"deadband", deadbands},
		{"overflow is marked", overflowMarked},
		{"messages missed while away are fetched", missedMessages},
		{"messages missed, with a policy and a user", missedInSecret},
		{"session lost", sessionLost},
		{"slow server", slowServer},
		{"message skipped", messageSkipped},
		{"answer lost", answerLost},
		{"creation lost", creationLost},
		{"subscription that nobody knows", unknownSubscription},
		{"subscription expired", subscriptionExpired},
		{"subscription dropped", subscriptionDropped},
		{"changed and ended", changedAndEnded},
		{"another connection", anotherConnection},
		{"transfer refused", transferRefused},
		{"server restarted with other namespaces", serverRestarted},
	})
}

func everyChange(t *testing.T, peer *servers.OPCUA) {
	resources := counters(100)
	b := subscribeTo(t, newDriver(t, brisk), fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 0+1))
	b.awaitCount(t, resources, stepTo(t, peer, 50))
	b.checkOnce(t, resources)
	for _, r := range resources {
		if gaps := b.gaps(r.Name); gaps != nil {
			t.Fatalf("%s: gaps %v", r.Name, gaps)
		}
	}
}

func manyItems(t *testing.T, peer *servers.OPCUA) {
	resources := counters(1000) // the server takes 300 in a request
	b := subscribeTo(t, newDriver(t, brisk), fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources, stepTo(t, peer, 1))
}

func oneBadNode(t *testing.T, peer *servers.OPCUA) {
	resources := append(counters(99), peerNode("C1000", "Int32"))
	o := brisk
	o.RetryRefused = 20 * time.Millisecond
	b := subscribeTo(t, newDriver(t, o), fast("one", peer.Endpoint()), resources)
	b.awaitCount(t, resources[:99], stepTo(t, peer, 5))
	bad := b.of("C1000")
	if len(bad) != 1 || bad[0].Err == nil || !strings.Contains(bad[0].Err.Error(), "BadNodeIDUnknown") {
		t.Errorf("bad node: %+v", bad)
	}
	peer.Tell(t, "counters 1001") // now there is one
	b.awaitCount(t, resources, stepTo(t, peer, 1))
}

func sharedSubscription(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, brisk)
	resources := counters(3)
	boxes := map[string]*inbox{}
	for i := range 5 {
		name := fmt.Sprint("dev", i)
		boxes[name] = subscribeTo(t, d, fast(name, peer.Endpoint()), resources)
	}
	slow := fast("slow", peer.Endpoint())
	slow.Protocols[Protocol]["PublishingInterval"] = "100ms"
	boxes["slow"] = subscribeTo(t, d, slow, resources)
	count := stepTo(t, peer, 3)
	for _, b := range boxes {
		b.awaitCount(t, resources, count)
	}
	if got := peer.Tell(t, "subscriptions"); got != "2" {
		t.Errorf("%s subscriptions for 2 paces", got)
	}
	d.Remove("dev0")
	count = stepTo(t, peer, 1)
	boxes["dev1"].awaitCount(t, resources, count)
	if got := boxes["dev0"].last("C0").Value; got == int32(count) {
		t.Error("a removed device is still told")
	}
}

// subscriptionRefused: the others go on, and the one that was refused is made
// once there is room.
func subscriptionRefused(t *testing.T, peer *servers.OPCUA) {
	o := brisk
	o.RetryRefused = 50 * time.Millisecond
	d := newDriver(t, o)
	resources := counters(2)
	var boxes []*inbox
	for i := range 4 { // the server takes 3 of a session
		dev := fast(fmt.Sprint("dev", i), peer.Endpoint())
		dev.Protocols[Protocol]["PublishingInterval"] = fmt.Sprint(50+i, "ms")
		boxes = append(boxes, subscribeTo(t, d, dev, resources))
	}
	all := func() (lines int) {
		for _, b := range boxes {
			lines += b.logged("server makes no subscription")
		}
		return lines
	}
	served := func(count int) (n int) {
		for _, b := range boxes {
			if b.last("C1").Value == int32(count) {
				n++
			}
		}
		return n
	}
	count := stepTo(t, peer, 1)
	await(t, "three devices", func() bool { return served(count) == 3 && all() > 0 })
	last := slices.IndexFunc(boxes, func(b *inbox) bool { return b.last("C1").Value == nil })
	if last < 0 {
		t.Fatal("all are served")
	}
	d.Remove(fmt.Sprint("dev", (last+1)%4))
	boxes[last].awaitCount(t, resources, stepTo(t, peer, 1))
	if all() != 1 {
		t.Errorf("logged %d times", all())
	}
}

func qualityAndTime(t *testing.T, peer *servers.OPCUA) {
	resources := []driver.Resource{peerNode("Pressure", "Float64")}
	b := subscribeTo(t, newDriver(t, brisk), fast("one", peer.Endpoint()), resources)
	await(t, "the first value", func() bool { return b.last("Pressure").Value == 4.25 })
	peer.Tell(t, "set Pressure Double 5.5 UncertainLastUsableValue 2026-03-04T05:06:07.250Z")
	await(t, "the uncertain value", func() bool { return b.last("Pressure").Value == 5.5 })
	r := b.last("Pressure")
	if r.Tags[qualityTag] != "UncertainLastUsableValue" || !r.Time.Equal(time.Date(2026, 3, 4, 5, 6, 7, 250e6, time.UTC)) {
		t.Errorf("%+v", r)
	}
	peer.Tell(t, "set Pressure Double 6.5 BadSensorFailure 2026-03-04T05:06:08Z")
	await(t, "the bad value", func() bool { return b.last("Pressure").Value == 6.5 || b.last("Pressure").Err != nil })
	if r := b.last("Pressure"); r.Tags[qualityTag] != "BadSensorFailure" || r.Err != nil {
		t.Errorf("%+v", r)
	}
	peer.Tell(t, "set Pressure Double 4.25")
	await(t, "the good value", func() bool { return b.last("Pressure").Value == 4.25 })
	if r := b.last("Pressure"); r.Tags != nil {
		t.Errorf("%+v", r)
	}
}

func deadbands(t *testing.T, peer *servers.OPCUA) {
	percent, none, unfit := peerNode("Level", "Float64"), peerNode("Level", "Float64"), peerNode("Pressure", "Float64")
	percent.Name, percent.Attributes[deadbandAttribute] = "Percent", "5%" // of 200
	none.Name, none.Attributes[deadbandAttribute] = "None", 0
	unfit.Attributes[deadbandAttribute] = "5%" // the node has no range
	dev := fast("one", peer.Endpoint())
	dev.Protocols[Protocol][deadbandProperty] = 2.5 // of numbers alone
	b := subscribeTo(t, newDriver(t, brisk), dev, []driver.Resource{percent, none, unfit, peerNode("Level", "Float64"), peerNode("Name", "String")})
	await(t, "the first values", func() bool {
		return b.last("Level").Value == 100.0 && b.last("Name").Value != nil && b.last("Percent").Value == 100.0 && b.last("Pressure").Err != nil
	})
	for _, value := range []string{"101", "102", "103", "104", "120", "100"} {
		peer.Tell(t, "set Level Double "+value)
	}
	for name, want := range map[string][]any{
		"None": {100.0, 101.0, 102.0, 103.0, 104.0, 120.0, 100.0}, "Level": {100.0, 103.0, 120.0, 100.0}, "Percent": {100.0, 120.0, 100.0},
	} {
		await(t, "the last value", func() bool { return b.last(name).Value == 100.0 && len(b.of(name)) > 1 })
		var got []any
		for _, r := range b.of(name) {
			got = append(got, r.Value)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: values %v, want %v", name, got, want)
		}
	}
}

func overflowMarked(t *testing.T, peer *servers.OPCUA) {
	dev := fast("one", peer.Endpoint())
	dev.Protocols[Protocol]["QueueSize"], dev.Protocols[Protocol]["PublishingInterval"] = 3, "2s"
	resources := counters(1)
	b := subscribeTo(t, newDriver(t, brisk), dev, resources)
	await(t, "the first value", func() bool { return len(b.of("C0")) > 0 })
	// A server whose publishing is late answers each request at once, and then
	// the first queue does not run over.
	for range 10 {
		b.awaitCount(t, resources, stepTo(t, peer, 10))
		if slices.Contains(b.gaps("C0"), driver.GapOverflow) {
			break
		}
	}
	b.checkOnce(t, resources)
	if gaps := b.gaps("C0"); !slices.Contains(gaps, driver.GapOverflow) {
		t.Errorf("gaps %v of %+v", gaps, b.of("C0"))
	}
}
