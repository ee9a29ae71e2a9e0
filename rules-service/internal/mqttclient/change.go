package mqttclient

import (
	"errors"
	"fmt"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// ErrRefused is the error of a filter that the broker does not allow.
var ErrRefused = errors.New("the broker refuses the topic")

// refusal is the code of a broker that does not allow a filter.
const refusal = 0x80

// packetFilters keeps a packet small; brokers limit its size.
const packetFilters = 100

// packetSize is how many filters a packet has at most.
func (o *Options) packetSize() int {
	if o.PacketFilters > 0 {
		return o.PacketFilters
	}
	return packetFilters
}

// change brings the broker in line with the users of a filter: it is subscribed
// to while there are some. Changes gather while the broker answers those before
// them, so thousands of users that come at once need few packets.
type change struct {
	filter string
	done   chan struct{}
	err    error // set before done is closed
}

func (ch *change) finish(err error) {
	ch.err = err
	close(ch.done)
}

func (ch *change) finished() bool {
	select {
	case <-ch.done:
		return true
	default:
		return false
	}
}

// want asks for changes; mu is held.
func (c *Client) want(filters []string) []*change {
	asked := make([]*change, 0, len(filters))
	for _, f := range filters {
		ch := c.due[f]
		if ch == nil {
			ch = &change{filter: f, done: make(chan struct{})}
			c.due[f] = ch
			c.changes = append(c.changes, ch)
		}
		asked = append(asked, ch)
	}
	return asked
}

// join has the changes made, if the connection is up; mu is held.
func (c *Client) join() {
	if c.joins || c.closing || c.conn == nil || len(c.changes) == 0 {
		return
	}
	c.joins = true
	c.work.Go(func() {
		c.joining.Lock()
		defer c.joining.Unlock()
		for c.more() {
			if err := c.settle(c.present()); err != nil {
				c.log.Warn("mqtt subscriptions are not up to date", "server", Redact(c.options.Server), "error", err)
			}
		}
	})
}

// more tells whether the goroutine of join has more to do; it ends otherwise.
func (c *Client) more() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.joins = !c.closing && c.conn != nil && len(c.changes) > 0
	return c.joins
}

func (c *Client) present() paho.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

// leave makes the last changes, so that a broker that keeps the session does
// not keep messages that nobody will ask for.
func (c *Client) leave() {
	if c.present() == nil {
		return
	}
	c.joining.Lock()
	defer c.joining.Unlock()
	if conn := c.present(); conn != nil {
		if err := c.settle(conn); err != nil {
			c.log.Warn("mqtt topics are not given up", "server", Redact(c.options.Server), "error", err)
		}
	}
}

// subscribeAll brings a new connection up to date. What the broker refuses is
// told to its users; the others go on.
func (c *Client) subscribeAll(conn paho.Client) error {
	c.joining.Lock()
	defer c.joining.Unlock()
	c.mu.Lock()
	filters := make([]string, 0, len(c.subs))
	for f := range c.subs {
		filters = append(filters, f)
	}
	c.want(filters)
	c.mu.Unlock()
	return c.settle(conn)
}

// settle makes all changes, a packet of them at a time; joining is held.
func (c *Client) settle(conn paho.Client) error {
	for conn != nil {
		batch := c.takeChanges()
		if len(batch) == 0 {
			return nil
		}
		refused, err := c.exchange(conn, batch)
		for _, ch := range batch {
			switch {
			case err != nil:
				ch.finish(err)
			case refused[ch.filter]:
				ch.finish(c.refuse(ch.filter))
			default:
				ch.finish(nil)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) takeChanges() []*change {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.changes), c.options.packetSize())
	batch := c.changes[:n:n]
	c.changes = c.changes[n:]
	for _, ch := range batch {
		delete(c.due, ch.filter)
	}
	if len(c.changes) == 0 { // thousands may have been there
		c.changes, c.due = nil, map[string]*change{}
	}
	return batch
}

// exchange tells the broker of changes and waits for its answer.
func (c *Client) exchange(conn paho.Client, batch []*change) (refused map[string]bool, err error) {
	wanted := map[string]byte{}
	var unwanted []string
	c.mu.Lock()
	for _, ch := range batch {
		if len(c.subs[ch.filter]) > 0 {
			wanted[ch.filter] = c.wanted(ch.filter)
		} else {
			unwanted = append(unwanted, ch.filter)
		}
	}
	c.mu.Unlock()
	var tokens []paho.Token
	if len(unwanted) > 0 {
		tokens = append(tokens, conn.Unsubscribe(unwanted...))
	}
	if len(wanted) > 0 {
		tokens = append(tokens, conn.SubscribeMultiple(wanted, nil))
	}
	refused = map[string]bool{}
	for _, t := range tokens {
		if err := c.wait(t); err != nil {
			return nil, fmt.Errorf("subscribe at %s: %w", Redact(c.options.Server), err)
		}
		if t, ok := t.(*paho.SubscribeToken); ok {
			for filter, code := range t.Result() {
				refused[filter] = code == refusal
			}
		}
	}
	return refused, nil
}

// refuse tells the users of a filter that it is not allowed.
func (c *Client) refuse(filter string) error {
	err := fmt.Errorf("subscribe at %s: %w %q", Redact(c.options.Server), ErrRefused, filter)
	c.tell(filter, err)
	return err
}
