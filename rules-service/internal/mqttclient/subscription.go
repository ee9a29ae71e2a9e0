package mqttclient

import (
	"context"
	"sync/atomic"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Subscription are the filters of one user of a client. A message that matches
// several of them is handed to it once.
type Subscription struct {
	client  *Client
	filters []string
	qos     byte
	handle  func(*Message)
	lost    func(error)
	asked   []*change // that nobody has waited for
	pass    uint64    // the last one that found it; guarded by routes of the client
}

// Message is what came in.
type Message struct {
	paho    paho.Message
	holders atomic.Int32
}

// Topic of the message.
func (m *Message) Topic() string { return m.paho.Topic() }

// Payload may be kept; it must not be changed.
func (m *Message) Payload() []byte { return m.paho.Payload() }

// QoS with which it came.
func (m *Message) QoS() byte { return m.paho.Qos() }

// ID is the packet id; 0 with QoS 0.
func (m *Message) ID() uint16 { return m.paho.MessageID() }

// Again tells that the broker sends the message once more, since it does not
// know whether it has come.
func (m *Message) Again() bool { return m.paho.Duplicate() }

// Ack tells that a subscription is done with the message. The broker hears of
// it when all are. Each subscription calls it once.
func (m *Message) Ack() {
	if m.holders.Add(-1) == 0 {
		m.paho.Ack()
	}
}

// Subscribe adds filters; Wait waits for the broker. The client subscribes again
// after each reconnect. handle runs on the connection's own goroutine: it must
// not block, and it or a later step calls Ack. lost tells that the connection
// went down, or with ErrRefused that the broker does not allow a filter.
func (c *Client) Subscribe(filters []string, qos byte, handle func(*Message), lost func(error)) (*Subscription, error) {
	for _, f := range filters {
		if err := CheckFilter(f); err != nil {
			return nil, err
		}
	}
	s := &Subscription{client: c, filters: filters, qos: qos, handle: handle, lost: lost}
	c.routes.Lock()
	for _, f := range filters {
		c.trie.add(unshared(f), s)
	}
	c.adopt(s)
	c.routes.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range filters {
		c.subs[f] = append(c.subs[f], s)
	}
	s.asked = c.want(filters)
	c.join()
	return s, nil
}

// Wait returns when the broker has answered, with its refusal if it has refused
// a filter, or ErrNotConnected when the connection has ended before.
func (s *Subscription) Wait(ctx context.Context) error {
	down, up := s.client.untilDown()
	if !up {
		return ErrNotConnected
	}
	for len(s.asked) > 0 {
		ch := s.asked[0]
		if !ch.finished() { // mostly the packet of the first of many has had the others in it
			select {
			case <-ch.done:
			case <-down:
				return ErrNotConnected
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if ch.err != nil {
			return ch.err
		}
		s.asked = s.asked[1:]
	}
	s.asked = nil
	return nil
}

// wanted is the highest QoS of a filter's users.
func (c *Client) wanted(filter string) byte {
	var qos byte
	for _, s := range c.subs[filter] {
		qos = max(qos, s.qos)
	}
	return qos
}

// Close ends the subscription; it does not wait for the broker.
func (s *Subscription) Close() {
	c := s.client
	c.routes.Lock()
	for _, f := range s.filters {
		c.trie.remove(unshared(f), s)
	}
	c.routes.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	var unused []string
	for _, f := range s.filters {
		if c.subs[f] = without(c.subs[f], s); len(c.subs[f]) == 0 {
			delete(c.subs, f)
			unused = append(unused, f)
		}
	}
	c.want(unused)
	c.join()
}

// route gives a message to its subscriptions. paho calls it in order, from one
// goroutine of the connection.
func (c *Client) route(_ paho.Client, in paho.Message) {
	m := &Message{paho: in}
	var few [4]*Subscription
	c.routes.Lock()
	subs := c.find(few[:0], in.Topic())
	stray := len(subs) == 0 && c.stray(m)
	c.routes.Unlock()
	if stray {
		return
	}
	if len(subs) == 0 {
		in.Ack() // a subscription that was just closed
		return
	}
	m.holders.Store(int32(len(subs)))
	for _, s := range subs {
		s.handle(m)
	}
}

// find appends the subscriptions of a topic, each once; routes is held.
func (c *Client) find(dst []*Subscription, topic string) []*Subscription {
	c.passes++
	found := c.trie.match(dst, topic)
	subs := found[:0]
	for _, s := range found {
		if s.pass != c.passes {
			s.pass = c.passes
			subs = append(subs, s)
		}
	}
	return subs
}

// tell lets the users of a filter know of an error, those of all filters when
// it is empty.
func (c *Client) tell(filter string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for f, list := range c.subs {
		for _, s := range list {
			if filter == "" || f == filter {
				s.lost(err)
			}
		}
	}
}
