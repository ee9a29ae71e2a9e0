package mqttclient

import (
	"fmt"
	"sync/atomic"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// Subscription is a filter of one user of a client.
type Subscription struct {
	client *Client
	filter string
	qos    byte
	handle func(*Message)
	lost   func(error)
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

// Subscribe adds a filter; the client subscribes again after each reconnect.
// handle runs on the connection's own goroutine: it must not block, and it or
// a later step calls Ack. lost tells that the connection went down.
func (c *Client) Subscribe(filter string, qos byte, handle func(*Message), lost func(error)) (*Subscription, error) {
	if err := CheckFilter(unshared(filter)); err != nil {
		return nil, err
	}
	s := &Subscription{client: c, filter: filter, qos: qos, handle: handle, lost: lost}
	c.routes.Lock()
	c.trie.add(unshared(filter), s)
	c.adopt(s)
	c.routes.Unlock()
	c.mu.Lock()
	c.subs[filter] = append(c.subs[filter], s)
	conn, wanted := c.conn, c.wanted(filter)
	c.mu.Unlock()
	if conn == nil {
		return s, nil // with the next connection
	}
	refused, err := c.subscribe(conn, map[string]byte{filter: wanted})
	if err == nil && len(refused) > 0 {
		err = c.refusal(filter)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// wanted is the highest QoS of a filter's users.
func (c *Client) wanted(filter string) byte {
	var qos byte
	for _, s := range c.subs[filter] {
		qos = max(qos, s.qos)
	}
	return qos
}

// Close ends the subscription.
func (s *Subscription) Close() {
	c := s.client
	c.routes.Lock()
	c.trie.remove(unshared(s.filter), s)
	c.routes.Unlock()
	c.mu.Lock()
	c.subs[s.filter] = without(c.subs[s.filter], s)
	last := len(c.subs[s.filter]) == 0
	if last {
		delete(c.subs, s.filter)
	}
	conn := c.conn
	c.mu.Unlock()
	if last && conn != nil {
		_ = c.wait(conn.Unsubscribe(s.filter)) // a broker that is gone has forgotten it anyway
	}
}

// subscribeBatch keeps a SUBSCRIBE packet small; brokers limit its size.
const subscribeBatch = 100

// subscribeAll brings a new connection up to date. What the broker refuses is
// told to its users; the others go on.
func (c *Client) subscribeAll(conn paho.Client) error {
	c.mu.Lock()
	all := make(map[string]byte, len(c.subs))
	for filter := range c.subs {
		all[filter] = c.wanted(filter)
	}
	c.mu.Unlock()
	for len(all) > 0 {
		batch := map[string]byte{}
		for filter, qos := range all {
			batch[filter] = qos
			delete(all, filter)
			if len(batch) == subscribeBatch {
				break
			}
		}
		refused, err := c.subscribe(conn, batch)
		if err != nil {
			return err
		}
		for _, filter := range refused {
			c.tell(filter, c.refusal(filter))
		}
	}
	return nil
}

// refusal is the code of a broker that does not allow a filter.
const refusal = 0x80

func (c *Client) refusal(filter string) error {
	return fmt.Errorf("subscribe at %s: the broker refuses topic %q", Redact(c.options.Server), filter)
}

func (c *Client) subscribe(conn paho.Client, filters map[string]byte) (refused []string, err error) {
	t := conn.SubscribeMultiple(filters, nil)
	if err := c.wait(t); err != nil {
		return nil, fmt.Errorf("subscribe at %s: %w", Redact(c.options.Server), err)
	}
	for filter, code := range t.(*paho.SubscribeToken).Result() {
		if code == refusal {
			refused = append(refused, filter)
		}
	}
	return refused, nil
}

// route gives a message to its subscriptions. paho calls it in order, from one
// goroutine of the connection.
func (c *Client) route(_ paho.Client, in paho.Message) {
	m := &Message{paho: in}
	c.routes.RLock()
	var few [4]*Subscription
	subs := c.trie.match(few[:0], in.Topic())
	stray := len(subs) == 0 && c.stray(m)
	c.routes.RUnlock()
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
