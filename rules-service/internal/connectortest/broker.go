package connectortest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// Broker does what the MQTT broker of a cloud does: it checks who connects, has
// one connection for a client, and lets a service answer to what is published.
type Broker struct {
	Addr   string // that nothing else takes while it is away
	TLS    *tls.Config
	Admit  func(c *packets.ConnectPacket, cert *x509.Certificate) error
	Answer func(topic string, payload []byte) (to string, reply []byte) // nil: none; "": not to this

	l     net.Listener
	conns sync.WaitGroup

	mu        sync.Mutex
	refusals  []error
	logins    int
	published []string
	clients   map[string]*brokerClient
}

type brokerClient struct {
	conn    net.Conn
	write   sync.Mutex
	filters []string // guarded by Broker.mu
}

// Start brings the broker back, until the end of the test.
func (b *Broker) Start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", b.Addr)
	if err != nil {
		t.Fatal(err)
	}
	if b.TLS != nil {
		l = tls.NewListener(l, b.TLS)
	}
	b.mu.Lock()
	b.l, b.clients = l, map[string]*brokerClient{}
	b.mu.Unlock()
	b.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b.conns.Go(func() { b.serve(conn) })
		}
	})
	t.Cleanup(b.Stop)
}

// Stop makes it go away with all connections.
func (b *Broker) Stop() {
	_ = b.l.Close()
	b.mu.Lock()
	for _, c := range b.clients {
		_ = c.conn.Close()
	}
	b.mu.Unlock()
	b.conns.Wait()
}

// URL is the address with its scheme.
func (b *Broker) URL() string {
	if b.TLS != nil {
		return "ssl://" + b.Addr
	}
	return "tcp://" + b.Addr
}

func (b *Broker) serve(conn net.Conn) {
	defer conn.Close()
	c := &brokerClient{conn: conn}
	p, err := packets.ReadPacket(conn)
	if err != nil {
		return
	}
	login, ok := p.(*packets.ConnectPacket)
	if !ok || !b.login(c, login) {
		return
	}
	defer b.leave(c, login.ClientIdentifier)
	for {
		p, err := packets.ReadPacket(conn)
		if err != nil {
			return
		}
		switch p := p.(type) {
		case *packets.SubscribePacket:
			b.subscribe(c, p)
		case *packets.UnsubscribePacket:
			ack := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
			ack.MessageID = p.MessageID
			c.send(ack)
		case *packets.PublishPacket:
			b.publish(c, p)
		case *packets.PingreqPacket:
			c.send(packets.NewControlPacket(packets.Pingresp))
		}
	}
}

func (c *brokerClient) send(p packets.ControlPacket) {
	c.write.Lock()
	defer c.write.Unlock()
	_ = p.Write(c.conn)
}

func (b *Broker) login(c *brokerClient, p *packets.ConnectPacket) bool {
	var cert *x509.Certificate
	if t, ok := c.conn.(*tls.Conn); ok {
		if peers := t.ConnectionState().PeerCertificates; len(peers) > 0 {
			cert = peers[0]
		}
	}
	ack := packets.NewControlPacket(packets.Connack).(*packets.ConnackPacket)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.logins++
	if err := b.Admit(p, cert); err != nil {
		b.refusals = append(b.refusals, err)
		ack.ReturnCode = packets.ErrRefusedNotAuthorised
		c.send(ack)
		return false
	}
	if other := b.clients[p.ClientIdentifier]; other != nil {
		_ = other.conn.Close()
	}
	b.clients[p.ClientIdentifier] = c
	c.send(ack)
	return true
}

func (b *Broker) leave(c *brokerClient, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.clients[id] == c {
		delete(b.clients, id)
	}
}

func (b *Broker) subscribe(c *brokerClient, p *packets.SubscribePacket) {
	ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
	ack.MessageID = p.MessageID
	b.mu.Lock()
	for i, f := range p.Topics {
		c.filters = append(c.filters, f)
		ack.ReturnCodes = append(ack.ReturnCodes, p.Qoss[i])
	}
	b.mu.Unlock()
	c.send(ack)
}

func (b *Broker) publish(c *brokerClient, p *packets.PublishPacket) {
	b.mu.Lock()
	b.published = append(b.published, p.TopicName+" "+string(p.Payload))
	b.mu.Unlock()
	if p.Qos == 1 {
		ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
		ack.MessageID = p.MessageID
		c.send(ack)
	}
	if b.Answer == nil {
		return
	}
	if to, reply := b.Answer(p.TopicName, p.Payload); to != "" {
		b.Push(to, reply)
	}
}

// Push sends a message to those who have subscribed to its topic, and tells how
// many they are.
func (b *Broker) Push(topic string, payload []byte) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.clients {
		if !slices.ContainsFunc(c.filters, func(f string) bool { return matches(f, topic) }) {
			continue
		}
		p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		p.TopicName, p.Payload = topic, payload
		c.send(p)
		n++
	}
	return n
}

// matches tells whether a filter lets a topic through.
func matches(filter, topic string) bool {
	f, l := strings.Split(filter, "/"), strings.Split(topic, "/")
	for i := range f {
		switch {
		case f[i] == "#":
			return true
		case i >= len(l) || f[i] != "+" && f[i] != l[i]:
			return false
		}
	}
	return len(f) == len(l)
}

// Messages are what was published so far: topic, space, payload.
func (b *Broker) Messages() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.published)
}

// Refused is why connections were refused.
func (b *Broker) Refused() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Join(b.refusals...)
}

// Logins counts the connections.
func (b *Broker) Logins() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.logins
}
