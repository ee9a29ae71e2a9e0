package edgex

import (
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
)

// strictBroker is an MQTT broker that closes the connection on topics with a
// space, as some do, and keeps the events of all others.
type strictBroker struct {
	t     *testing.T
	port  int
	conns sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	events []dtos.Event
}

func startStrictBroker(t *testing.T) *strictBroker {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &strictBroker{t: t, port: l.Addr().(*net.TCPAddr).Port, open: map[net.Conn]bool{}}
	b.conns.Go(func() { b.accept(l) })
	t.Cleanup(func() {
		_ = l.Close()
		b.mu.Lock()
		for c := range b.open {
			_ = c.Close()
		}
		b.mu.Unlock()
		b.conns.Wait()
	})
	return b
}

func (b *strictBroker) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		b.open[c] = true
		b.mu.Unlock()
		b.conns.Go(func() {
			b.serve(c)
			_ = c.Close()
			b.mu.Lock()
			delete(b.open, c)
			b.mu.Unlock()
		})
	}
}

// serve answers until the client goes, or asks for too much.
func (b *strictBroker) serve(c net.Conn) {
	for {
		p, err := packets.ReadPacket(c)
		if err != nil {
			return
		}
		answer, good := b.answer(p)
		if !good || answer != nil && answer.Write(c) != nil {
			return
		}
	}
}

func (b *strictBroker) answer(p packets.ControlPacket) (packets.ControlPacket, bool) {
	switch p := p.(type) {
	case *packets.ConnectPacket:
		return packets.NewControlPacket(packets.Connack), true
	case *packets.PingreqPacket:
		return packets.NewControlPacket(packets.Pingresp), true
	case *packets.SubscribePacket:
		a := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
		a.MessageID, a.ReturnCodes = p.MessageID, p.Qoss
		return a, true
	case *packets.PublishPacket:
		if strings.Contains(p.TopicName, " ") {
			return nil, false
		}
		b.keep(p.Payload)
		if p.Qos == 0 {
			return nil, true
		}
		a := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
		a.MessageID = p.MessageID
		return a, true
	}
	return nil, false // DISCONNECT, and what the publisher does not send
}

func (b *strictBroker) keep(payload []byte) {
	var m types.MessageEnvelope
	var q requests.AddEventRequest
	if err := json.Unmarshal(payload, &m); err != nil {
		b.t.Error(err)
		return
	}
	if err := q.UnmarshalJSON(m.Payload); err != nil {
		b.t.Error(err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, q.Event)
}

func (b *strictBroker) kept() []dtos.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]dtos.Event(nil), b.events...)
}
