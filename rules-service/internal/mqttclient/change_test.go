package mqttclient

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"sluice/tests/servers"
)

// clerk is a broker that keeps a record of subscriptions, and answers to them
// when it is let.
type clerk struct {
	answer chan struct{} // closed to let it

	mu      sync.Mutex
	packets []int // filters in each
	logins  []string
	known   map[string]bool
	conns   sync.WaitGroup
}

func newClerk(t *testing.T) (b *clerk, addr string) {
	b = &clerk{answer: make(chan struct{}), known: map[string]bool{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.conns.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		b.conns.Wait()
	})
	return b, l.Addr().String()
}

func (b *clerk) serve(c net.Conn) {
	defer c.Close()
	for {
		p, err := packets.ReadPacket(c)
		if err != nil {
			return
		}
		switch p := p.(type) {
		case *packets.ConnectPacket:
			b.mu.Lock()
			b.logins = append(b.logins, p.ClientIdentifier+" "+p.Username+" "+string(p.Password))
			b.mu.Unlock()
			_ = packets.NewControlPacket(packets.Connack).Write(c)
		case *packets.SubscribePacket:
			ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
			ack.MessageID, ack.ReturnCodes = p.MessageID, b.note(p.Topics, true)
			_ = ack.Write(c)
		case *packets.UnsubscribePacket:
			b.note(p.Topics, false)
			ack := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
			ack.MessageID = p.MessageID
			_ = ack.Write(c)
		}
	}
}

// note refuses topics that begin with "no".
func (b *clerk) note(topics []string, subscribe bool) (codes []byte) {
	b.mu.Lock()
	b.packets = append(b.packets, len(topics))
	answer := b.answer
	for _, t := range topics {
		code := byte(0)
		switch {
		case !subscribe:
			delete(b.known, t)
		case strings.HasPrefix(t, "no"):
			code = refusal
		default:
			b.known[t] = true
		}
		codes = append(codes, code)
	}
	b.mu.Unlock()
	<-answer
	return codes
}

// seen waits until there were n packets, and returns their sizes.
func (b *clerk) seen(t *testing.T, n int) []int {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		list := slices.Clone(b.packets)
		b.mu.Unlock()
		if len(list) >= n {
			return list
		}
		if time.Now().After(deadline) {
			t.Fatalf("there were %v", list)
		}
	}
}

// loggedIn waits until there were n connections, and returns who made them.
func (b *clerk) loggedIn(t *testing.T, n int) []string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		list := slices.Clone(b.logins)
		b.mu.Unlock()
		if len(list) >= n {
			return list
		}
		if time.Now().After(deadline) {
			t.Fatalf("there were %q", list)
		}
	}
}

func (b *clerk) filters() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.known)
}

func ignore(*Message) {}
func unheard(error)   {}

// What is asked for while the broker answers goes out together.
func TestSubscriptionsThatComeOneByOneShareTheirPackets(t *testing.T) {
	const n = 951
	b, addr := newClerk(t)
	c := acquire(t, NewPool(), options(addr))
	connect(t, c)
	var subs []*Subscription
	for i := range n {
		s, err := c.Subscribe([]string{fmt.Sprint("a/", i)}, 1, ignore, unheard)
		if err != nil {
			t.Fatal(err)
		}
		subs = append(subs, s)
		if i == 0 {
			b.seen(t, 1)
		}
	}
	close(b.answer)
	for _, s := range subs {
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.seen(t, 11); len(got) != 11 || slices.Max(got) != packetFilters || b.filters() != n {
		t.Errorf("packets of %v filters", got)
	}
	b.mu.Lock()
	b.answer, b.packets = make(chan struct{}), nil
	b.mu.Unlock()
	for i, s := range subs {
		s.Close()
		if i == 0 {
			b.seen(t, 1)
		}
	}
	close(b.answer)
	if got := b.seen(t, 11); len(got) != 11 || b.filters() != 0 {
		t.Errorf("packets of %v filters, %d are left", got, b.filters())
	}
}

// Some brokers take only a few filters in a packet.
func TestSmallPackets(t *testing.T) {
	b, addr := newClerk(t)
	close(b.answer)
	o := options(addr)
	o.PacketFilters = 8
	c := acquire(t, NewPool(), o)
	filters := make([]string, 50)
	for i := range filters {
		filters[i] = fmt.Sprint("a/", i)
	}
	s, err := c.Subscribe(filters, 1, ignore, unheard)
	if err != nil {
		t.Fatal(err)
	}
	connect(t, c)
	if err := s.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.seen(t, 7); len(got) != 7 || slices.Max(got) != 8 || b.filters() != 50 {
		t.Errorf("packets of %v filters, %d are known", got, b.filters())
	}
}

// A topic that is refused does not harm the others of its packet.
func TestRefusedTopic(t *testing.T) {
	b, addr := newClerk(t)
	close(b.answer)
	c := acquire(t, NewPool(), options(addr))
	told := make(chan error, 1)
	good, err := c.Subscribe([]string{"yes"}, 1, ignore, unheard)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := c.Subscribe([]string{"also", "no/way"}, 1, ignore, func(err error) { told <- err })
	if err != nil {
		t.Fatal(err)
	}
	if err := good.Wait(t.Context()); !errors.Is(err, ErrNotConnected) {
		t.Error("without a connection:", err)
	}
	connect(t, c)
	if err := good.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	for _, err := range []error{bad.Wait(t.Context()), <-told} {
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), `"no/way"`) {
			t.Error(err)
		}
	}
	bad.Close()
	c.leave()
	if b.filters() != 1 {
		t.Errorf("%d topics are left", b.filters())
	}
}

// A message that several filters of a subscription match is handed on once, and
// once to each of those that want it.
func TestOverlappingFiltersOfOneSubscription(t *testing.T) {
	c := newClient(NewPool(), Options{}, quiet)
	got := map[string]int{}
	subscribe := func(name string, filters ...string) {
		t.Helper()
		if _, err := c.Subscribe(filters, 1, func(m *Message) { got[name]++; m.Ack() }, unheard); err != nil {
			t.Fatal(err)
		}
	}
	subscribe("one", "a/#", "a/+", "+/b", "a/b")
	subscribe("two", "a/b")
	n := new(atomic.Int32)
	for range 3 {
		c.route(nil, topical{acked{n: n}, "a/b"})
	}
	if got["one"] != 3 || got["two"] != 3 || n.Load() != 3 {
		t.Error(got, n.Load())
	}
}

type topical struct {
	acked
	topic string
}

func (m topical) Topic() string { return m.topic }

// A topic that was given up while the broker was away is not left in the
// session that the broker keeps.
func TestSessionForgetsWhatWasGivenUp(t *testing.T) {
	b, addr := newClerk(t)
	close(b.answer)
	o := options(addr)
	o.ClientID, o.KeepSession = "kept", true
	c := acquire(t, NewPool(), o)
	connect(t, c)
	var subs []*Subscription
	for _, f := range []string{"a", "b"} {
		s, err := c.Subscribe([]string{f}, 1, ignore, unheard)
		if err != nil {
			t.Fatal(err)
		}
		subs = append(subs, s)
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.set(nil, nil, ErrNotConnected) // as when the connection has just ended
	subs[0].Close()
	if b.filters() != 2 {
		t.Fatal("there is no connection to give it up on")
	}
	conn, _, err := c.dial(c.login())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Disconnect(0)
	if b.filters() != 1 {
		t.Errorf("%d topics are left", b.filters())
	}
}

// Thousands of topics of a real broker.
func TestEightThousandSubscriptions(t *testing.T) {
	const n = 8000
	c := acquire(t, NewPool(), options(servers.Mosquitto(t).Addr()))
	connect(t, c)
	got := make(chan string, n)
	var subs []*Subscription
	start := time.Now()
	for i := range n {
		s, err := c.Subscribe([]string{topicOf(i)}, 1, func(m *Message) { got <- m.Topic(); m.Ack() }, unheard)
		if err != nil {
			t.Fatal(err)
		}
		subs = append(subs, s)
	}
	for _, s := range subs {
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d topics are subscribed to after %v", n, time.Since(start))
	for _, i := range []int{0, 1234, n - 1} {
		tok, err := c.Publish(topicOf(i), 1, false, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		<-tok.Done()
		select {
		case topic := <-got:
			if topic != topicOf(i) {
				t.Errorf("%s came for %s", topic, topicOf(i))
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s does not come", topicOf(i))
		}
	}
}

func topicOf(i int) string { return fmt.Sprintf("plant/line%d/device%d/temperature", i%20, i) }
