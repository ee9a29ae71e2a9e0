package edgex

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
)

// fakeBus takes messages while it is up, and must be connected anew after
// each failure.
type fakeBus struct {
	mu           sync.Mutex
	up           bool
	connected    bool
	disconnected int
	got          []dtos.Event
	topics       []string
}

func (f *fakeBus) Connect() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.up {
		return errors.New("connection refused")
	}
	f.connected = true
	return nil
}

func (f *fakeBus) Publish(m types.MessageEnvelope, topic string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.up || !f.connected {
		f.connected = false
		return errors.New("not connected")
	}
	var q requests.AddEventRequest
	if err := q.UnmarshalJSON(m.Payload); err != nil {
		return err
	}
	f.got = append(f.got, q.Event)
	f.topics = append(f.topics, topic)
	return nil
}

func (f *fakeBus) Subscribe([]types.TopicChannel, chan error) error { return nil }

func (f *fakeBus) Disconnect() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.disconnected++
	return nil
}

func (f *fakeBus) set(up bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.up = up
}

func (f *fakeBus) sources() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, e := range f.got {
		out = append(out, e.SourceName)
	}
	return out
}

func testEvent(source string) *dtos.Event {
	e := dtos.NewEvent("P", "D", source)
	e.Readings = []dtos.BaseReading{{Id: e.Id, DeviceName: "D", ProfileName: "P", ResourceName: "A", ValueType: "Int32", SimpleReading: dtos.SimpleReading{Value: "1"}}}
	return &e
}

// logBuffer may be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func testPublisher(b bus, maxSize int64) (*publisher, *logBuffer) {
	log := &logBuffer{}
	h := slog.NewTextHandler(log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	return newPublisher(b, slog.New(h), eventTopic("edgex", "device-x", false), maxSize, func(int) {}), log
}

func TestPublisherKeepsOrderWhileBusIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBus{}
		p, log := testPublisher(b, 0)
		go p.run(context.Background())
		for i := range 20 {
			p.send(testEvent(fmt.Sprint(i)))
			time.Sleep(time.Second)
			b.set(i > 12 || i == 5)
		}
		time.Sleep(2 * longestPause)
		p.close()
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint(i))
		}
		if got := strings.Join(b.sources(), " "); got != strings.Join(want, " ") {
			t.Errorf("order %s", got)
		}
		for i := 1; i < len(b.got); i++ {
			if b.got[i].Origin <= b.got[i-1].Origin {
				t.Errorf("origin %d after %d", b.got[i].Origin, b.got[i-1].Origin)
			}
		}
		if b.disconnected != 1 {
			t.Errorf("disconnected %d times", b.disconnected)
		}
		if away := strings.Count(log.String(), "is away"); away < 1 || away > 2 || away != strings.Count(log.String(), "is back") {
			t.Errorf("log:\n%s", log)
		}
	})
}

func TestPublisherDropsOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBus{}
		p, _ := testPublisher(b, 0)
		go p.run(context.Background())
		p.send(testEvent("in hand"))
		synctest.Wait()
		for i := range queueLimit + 3 {
			p.send(testEvent(fmt.Sprint(i)))
		}
		if n := p.droppedEvents(); n != 3 {
			t.Errorf("%d dropped, want 3", n)
		}
		b.set(true)
		time.Sleep(2 * longestPause)
		p.close()
		got := b.sources()
		if len(got) != queueLimit+1 || got[0] != "in hand" || got[1] != "3" || got[queueLimit] != fmt.Sprint(queueLimit+2) {
			t.Errorf("%d events: %v …", len(got), got[:min(3, len(got))])
		}
	})
}

func TestPublisherEndsWithoutBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := testPublisher(&fakeBus{}, 0)
		go p.run(context.Background())
		p.send(testEvent("a"))
		p.send(testEvent("b"))
		time.Sleep(time.Minute)
		p.close() // does not hang
	})
}

// clingingBus does not end its connection before it is told to.
type clingingBus struct {
	fakeBus
	release chan struct{}
}

func (c *clingingBus) Disconnect() error {
	<-c.release
	return nil
}

func TestPublisherEndsWhenTheBusDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &clingingBus{fakeBus: fakeBus{up: true}, release: make(chan struct{})}
		defer close(b.release)
		p, _ := testPublisher(b, 0)
		go p.run(context.Background())
		p.send(testEvent("a"))
		p.close() // does not hang
	})
}

func TestPublisherSendsTheRestAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBus{up: true}
		p, _ := testPublisher(b, 0)
		for i := range 5 {
			p.send(testEvent(fmt.Sprint(i)))
		}
		go p.run(context.Background())
		p.close()
		if got := strings.Join(b.sources(), ""); got != "01234" {
			t.Errorf("sent %s", got)
		}
	})
}

func TestPublisherOriginsRise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands still here
		p, _ := testPublisher(&fakeBus{}, 0)
		a, b := testEvent("a"), testEvent("b")
		b.Readings[0].Origin = 77 // the source's own time stays
		p.send(a)
		p.send(b)
		if b.Origin != a.Origin+1 || a.Readings[0].Origin != a.Origin || b.Readings[0].Origin != 77 {
			t.Errorf("origins %d %d, readings %d %d", a.Origin, b.Origin, a.Readings[0].Origin, b.Readings[0].Origin)
		}
	})
}

func TestPublisherRefusesLargeEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBus{up: true}
		p, log := testPublisher(b, 1024)
		go p.run(context.Background())
		large := testEvent("large")
		large.Readings[0].ValueType, large.Readings[0].Value = "String", strings.Repeat("x", 2000)
		p.send(large)
		p.send(testEvent("small"))
		p.close()
		if got := b.sources(); len(got) != 1 || got[0] != "small" {
			t.Errorf("sent %v", got)
		}
		if !strings.Contains(log.String(), "over the limit MaxEventSize of 1 KB") {
			t.Errorf("log:\n%s", log)
		}
	})
}

func TestEventTopic(t *testing.T) {
	e := dtos.NewEvent("p/1", "d.2", "s")
	if got := eventTopic("pre", "svc", false)(e); got != "pre/events/device/svc/p/1/d.2/s" {
		t.Error(got)
	}
	if got := eventTopic("pre", "svc", true)(e); got != "pre/events/device/svc/p%2F1/d%2E2/s" {
		t.Error(got)
	}
}

func BenchmarkEnvelope(b *testing.B) {
	p, _ := testPublisher(&fakeBus{}, 0)
	e := testEvent("s")
	for range 9 {
		e.Readings = append(e.Readings, e.Readings[0])
	}
	p.send(e)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.envelope(e); err != nil {
			b.Fatal(err)
		}
	}
}
