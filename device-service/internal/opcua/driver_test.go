package opcua

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// newCountingPlant has n nodes with the values 0, 1, 2 …
func newCountingPlant(t *testing.T, limit uint32, n int) (*plant, []driver.Resource) {
	t.Helper()
	values := answerOf{}
	for i := range n {
		values[fmt.Sprintf("n%d", i)] = int32(i)
	}
	p := newPlant(t, limit, values)
	resources := make([]driver.Resource, n)
	for i := range n {
		resources[i] = p.resource(fmt.Sprintf("n%d", i), "Int32")
	}
	return p, resources
}

func add(t *testing.T, d *Driver, dev driver.Device, resources ...driver.Resource) {
	t.Helper()
	if err := d.Add(dev, resources); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, d *Driver, device string, resources ...driver.Resource) []driver.Reading {
	t.Helper()
	readings, err := d.Read(t.Context(), device, resources)
	if err != nil {
		t.Fatal(err)
	}
	return readings
}

func TestRequestsOfOneRead(t *testing.T) {
	for _, tc := range []struct {
		limit uint32
		nodes int
		want  int64
	}{
		{0, 100, 1}, {0, 1000, 1}, {0, 1001, 2}, {32, 100, 4}, {100, 100, 1}, {0, 0, 0},
	} {
		p, resources := newCountingPlant(t, tc.limit, tc.nodes)
		d := newDriver(t, brisk)
		add(t, d, deviceAt("one", p.endpoint()), resources...)
		mustRead(t, d, "one") // waits for the connection
		p.requests.Store(0)
		for i, r := range mustRead(t, d, "one", resources...) {
			if r.Err != nil || r.Value != int32(i) || r.Resource != resources[i].Name {
				t.Fatalf("reading %d: %+v", i, r)
			}
		}
		if got := p.requests.Load(); got != tc.want {
			t.Errorf("%d nodes with a limit of %d: %d requests, want %d", tc.nodes, tc.limit, got, tc.want)
		}
	}
}

func TestDevicesShareAConnection(t *testing.T) {
	p, resources := newCountingPlant(t, 0, 3)
	d := newDriver(t, brisk)
	other := deviceAt("other", p.endpoint())
	other.Protocols[Protocol]["Timeout"] = "7s"
	add(t, d, deviceAt("one", p.endpoint()), resources...)
	add(t, d, deviceAt("two", p.endpoint()), resources...)
	mustRead(t, d, "one", resources...)
	mustRead(t, d, "two", resources...)
	if got := p.accepted.Load(); got != 1 {
		t.Errorf("%d connections for one endpoint", got)
	}
	add(t, d, other, resources...)
	mustRead(t, d, "other", resources...)
	if got := p.accepted.Load(); got != 2 {
		t.Errorf("%d connections for two sets of properties", got)
	}
	d.Remove("one")
	mustRead(t, d, "two", resources...)
	d.Remove("two")
	d.Remove("other")
	await(t, "the connections to end", func() bool { return p.live() == 0 })
}

func TestDeviceMovesToAnotherServer(t *testing.T) {
	before := newPlant(t, 0, answerOf{"Where": "before"})
	after := newPlant(t, 0, answerOf{"Where": "after"})
	d := newDriver(t, brisk)
	for _, p := range []*plant{before, after} {
		resource := p.resource("Where", "String")
		add(t, d, deviceAt("one", p.endpoint()), resource)
		if got, want := mustRead(t, d, "one", resource)[0].Value, p.values["Where"]; got != want {
			t.Errorf("read %v, want %v", got, want)
		}
	}
	await(t, "the first connection to end", func() bool { return before.live() == 0 })
}

func TestReadOfServersStatusAndTime(t *testing.T) {
	taken := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	p := newPlant(t, 0, answerOf{
		"Good": &ua.DataValue{EncodingMask: ua.DataValueValue | ua.DataValueSourceTimestamp, Value: ua.MustVariant(1.5), SourceTimestamp: taken},
		"Held": &ua.DataValue{EncodingMask: ua.DataValueValue | ua.DataValueStatusCode | ua.DataValueServerTimestamp,
			Value: ua.MustVariant(1.5), ServerTimestamp: taken, Status: ua.StatusUncertainLastUsableValue},
		"Broken": &ua.DataValue{EncodingMask: ua.DataValueStatusCode | ua.DataValueSourceTimestamp, SourceTimestamp: taken, Status: ua.StatusBadSensorFailure},
		"Empty":  &ua.DataValue{EncodingMask: ua.DataValueSourceTimestamp, SourceTimestamp: taken},
		"Text":   &ua.DataValue{EncodingMask: ua.DataValueValue | ua.DataValueSourceTimestamp, Value: ua.MustVariant("x"), SourceTimestamp: taken},
	})
	d := newDriver(t, brisk)
	broken := driver.Resource{Name: "Form", Type: "Float64", Attributes: map[string]any{"nodeId": "Form"}}
	byURI := driver.Resource{Name: "Good", Type: "Float64", Attributes: map[string]any{"nodeId": "nsu=" + p.space.Name() + ";s=Good"}}
	foreign := driver.Resource{Name: "Foreign", Type: "Float64", Attributes: map[string]any{"nodeId": "nsu=urn:elsewhere;s=Good"}}
	resources := []driver.Resource{
		p.resource("Good", "Float64"), p.resource("Held", "Float64"), p.resource("Broken", "Float64"), p.resource("Empty", "Float64"),
		p.resource("Text", "Float64"), p.resource("Nothing", "Float64"), broken, byURI, foreign,
	}
	add(t, d, deviceAt("one", p.endpoint()), resources...)
	got := mustRead(t, d, "one", resources...)
	errs := make([]string, len(got))
	for i := range got {
		if got[i].Err != nil {
			errs[i] = got[i].Err.Error()
			got[i].Err = nil
		}
	}
	want := []driver.Reading{
		{Resource: "Good", Value: 1.5, Time: taken},
		{Resource: "Held", Value: 1.5, Time: taken, Tags: map[string]string{"quality": "UncertainLastUsableValue"}},
		{Resource: "Broken", Time: taken},
		{Resource: "Empty", Time: taken},
		{Resource: "Text", Time: taken},
		{Resource: "Nothing", Time: got[5].Time},
		{Resource: "Form", Time: got[6].Time},
		{Resource: "Good", Value: 1.5, Time: taken},
		{Resource: "Foreign", Time: got[8].Time},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, part := range []string{"", "", "server says BadSensorFailure (0x808C0000)", "the node has no value",
		"a value of type String does not fit Float64", "server says BadNodeIDUnknown (0x80340000)",
		`resource "Form", attribute "nodeId": node id "Form": no identifier`, "", `namespace "urn:elsewhere" is unknown to the server`} {
		if part == "" && errs[i] != "" || !strings.Contains(errs[i], part) {
			t.Errorf("%s: error %q, want %q", got[i].Resource, errs[i], part)
		}
	}
}

func TestWritesInTheTypeOfTheNode(t *testing.T) {
	p := newPlant(t, 0, answerOf{
		"Word": uint16(1), "Long": int32(1), "Ratio": float32(1), "When": noon, "Bytes": ua.ByteArray{1}, "Curve": []float64{1},
	})
	d := newDriver(t, brisk)
	writes := []driver.Write{
		{Resource: p.resource("Word", "Int64"), Value: int64(65535)},
		{Resource: p.resource("Long", "Float64"), Value: -3.0},
		{Resource: p.resource("Ratio", "Float64"), Value: 2.5},
		{Resource: p.resource("When", "String"), Value: "2027-01-01T00:00:00Z"},
		{Resource: p.resource("Bytes", "Uint8Array"), Value: []uint8{7, 8}},
		{Resource: p.resource("Curve", "Float32Array"), Value: []float32{4, 5}},
	}
	resources := make([]driver.Resource, len(writes))
	for i, w := range writes {
		resources[i] = w.Resource
	}
	add(t, d, deviceAt("one", p.endpoint()), resources...)
	mustRead(t, d, "one")
	for attempt, want := range []int64{2, 1} { // the types are asked for once
		p.requests.Store(0)
		if err := d.Write(t.Context(), "one", writes); err != nil {
			t.Fatal(err)
		}
		if got := p.requests.Load(); got != want {
			t.Errorf("write %d: %d requests, want %d", attempt+1, got, want)
		}
	}
	for i, r := range mustRead(t, d, "one", resources...) {
		if diff := cmp.Diff(writes[i].Value, r.Value); r.Err != nil || diff != "" {
			t.Errorf("%s: %v %s", r.Resource, r.Err, diff)
		}
	}
}

func TestRefusedWritesFailAlone(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1), "Long": int32(1)})
	d := newDriver(t, brisk)
	secret := p.resource("Long", "Int64")
	secret.Writable = false
	writes := []driver.Write{
		{Resource: p.resource("ReadOnly", "Int32"), Value: int32(8)},
		{Resource: p.resource("Word", "Int64"), Value: int64(65536)},
		{Resource: p.resource("Nothing", "Int64"), Value: int64(1)},
		{Resource: secret, Value: int64(9)},
		{Resource: p.resource("Long", "Int64"), Value: int64(9)},
	}
	add(t, d, deviceAt("one", p.endpoint()))
	err := d.Write(t.Context(), "one", writes)
	got := map[string]error{}
	for _, w := range driver.NotWritten(err) {
		got[w.Resource] = w.Err
	}
	if len(driver.NotWritten(err)) != 4 || !errors.Is(got["ReadOnly"], ua.StatusBadUserAccessDenied) ||
		!errors.Is(got["Nothing"], ua.StatusBadNodeIDUnknown) || !errors.Is(got["Long"], driver.ErrReadOnly) ||
		got["Word"] == nil || got["Word"].Error() != "65536 is out of range of Uint16" {
		t.Errorf("write: %v", err)
	}
	if v := mustRead(t, d, "one", p.resource("Long", "Int64"))[0].Value; v != int64(9) {
		t.Errorf("the good write left %v", v)
	}
}

// recorder keeps the states that a driver told, by device.
type recorder struct {
	mu   sync.Mutex
	seen map[string][]string
}

func record(d *Driver) *recorder {
	r := &recorder{seen: map[string][]string{}}
	d.OnState(func(device string, s driver.State) {
		r.mu.Lock()
		defer r.mu.Unlock()
		text := "up"
		if !s.Up {
			text = s.Err.Error()
		}
		r.seen[device] = append(r.seen[device], text)
	})
	return r
}

func (r *recorder) of(device string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen[device])
}

func (r *recorder) await(t *testing.T, device string, count int) []string {
	t.Helper()
	await(t, fmt.Sprintf("%d states of %q", count, device), func() bool { return len(r.of(device)) >= count })
	return r.of(device)
}

func TestDeadServerCostsNoTime(t *testing.T) {
	o := brisk
	o.RetryMin, o.RetryMax = time.Hour, time.Hour // no second attempt
	d := newDriver(t, o)
	states := record(d)
	add(t, d, deviceAt("one", "opc.tcp://"+freeAddress(t)))
	if got := states.await(t, "one", 1); !strings.Contains(got[0], "connection refused") {
		t.Errorf("state %q", got)
	}
	_, err := d.Read(t.Context(), "one", []driver.Resource{{Name: "x", Type: "Int32", Attributes: map[string]any{"nodeId": "i=85"}}})
	if err == nil || !strings.Contains(err.Error(), "is not connected") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("read: %v", err)
	}
	add(t, d, deviceAt("one", "opc.tcp://"+freeAddress(t))) // replaced, which the pause does not hold up
	states.await(t, "one", 2)
}

func TestLaterDeviceHearsTheState(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1)})
	d := newDriver(t, brisk)
	states := record(d)
	add(t, d, deviceAt("one", p.endpoint()))
	states.await(t, "one", 1)
	add(t, d, deviceAt("two", p.endpoint()))
	states.await(t, "two", 1)
	add(t, d, deviceAt("one", p.endpoint())) // as it was
	p.Stop()
	states.await(t, "one", 2)
	states.await(t, "two", 2)
	add(t, d, deviceAt("three", p.endpoint()))
	states.await(t, "three", 1)
	p.Start()
	states.await(t, "three", 2)
	for device, want := range map[string][]bool{"one": {true, false, true}, "two": {true, false, true}, "three": {false, true}} {
		var got []bool
		for _, s := range states.await(t, device, len(want)) {
			got = append(got, s == "up")
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: states %v, want %v", device, got, want)
		}
	}
}

// A server that refuses a service keeps its connection, although the library
// calls it lost.
func TestRefusedServiceKeepsTheConnection(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1)})
	d := newDriver(t, brisk)
	states := record(d)
	word := p.resource("Word", "Uint16")
	add(t, d, deviceAt("one", p.endpoint()), word)
	mustRead(t, d, "one", word)
	s, leave, _, err := d.enter(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	p.requests.Store(0)
	err = s.request(t.Context(), func() error {
		_, err := s.client.HistoryReadRawModified(t.Context(), []*ua.HistoryReadValueID{}, &ua.ReadRawModifiedDetails{})
		return err
	})
	if !errors.Is(err, ua.StatusBadServiceUnsupported) {
		t.Fatalf("history: %v", err)
	}
	await(t, "a probe", func() bool { return p.requests.Load() > 1 })
	mustRead(t, d, "one", word)
	if got := states.of("one"); len(got) != 1 || p.accepted.Load() != 1 {
		t.Errorf("states %q, %d connections", got, p.accepted.Load())
	}
}

func TestKeepAliveNoticesASilentServer(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1)})
	o := brisk
	o.KeepAlive = 50 * time.Millisecond
	d := newDriver(t, o)
	states := record(d)
	add(t, d, deviceAt("one", p.endpoint()))
	states.await(t, "one", 1)
	p.Silence(true)
	states.await(t, "one", 2) // nobody reads
	p.Silence(false)
	if got := states.await(t, "one", 3); got[0] != "up" || got[1] == "up" || got[2] != "up" {
		t.Errorf("states %q", got)
	}
}

func TestToldOncePerChange(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1)})
	d := newDriver(t, brisk)
	states := record(d)
	add(t, d, deviceAt("one", p.endpoint()))
	states.await(t, "one", 1)
	p.Stop()
	states.await(t, "one", 2)
	for range 20 { // failing reads and attempts are no changes
		_, _ = d.Read(t.Context(), "one", []driver.Resource{p.resource("Word", "Uint16")})
	}
	p.Start()
	got := states.await(t, "one", 3)
	if len(got) != 3 || got[0] != "up" || got[2] != "up" || !strings.HasPrefix(got[1], p.endpoint()+": ") {
		t.Errorf("states %q", got)
	}
}

func TestRemoveEndsReadsInFlight(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1)})
	o := brisk
	o.Timeout = time.Minute
	d := newDriver(t, o)
	word := p.resource("Word", "Uint16")
	add(t, d, deviceAt("one", p.endpoint()), word)
	mustRead(t, d, "one", word)
	p.Silence(true)
	before := p.requests.Load()
	failed := make(chan error, 1)
	go func() {
		_, err := d.Read(t.Context(), "one", []driver.Resource{word})
		failed <- err
	}()
	await(t, "the request", func() bool { return p.requests.Load() > before })
	d.Remove("one")
	select {
	case err := <-failed:
		if !errors.Is(err, errLost) || !errors.Is(err, errUnused) {
			t.Errorf("read: %v", err)
		}
	case <-time.After(patience):
		t.Error("the read goes on")
	}
}
