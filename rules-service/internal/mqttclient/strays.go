package mqttclient

import (
	"slices"
	"time"
)

// With its connection a broker that keeps the session sends at once what came
// while nobody was there, also for topics whose streams are not open yet. Such
// messages are not acknowledged before somebody subscribes, or nobody has for
// so long.
const strayTime = 30 * time.Second

// stray keeps a message that no subscription takes; false: there is no need to.
// routes is held.
func (c *Client) stray(m *Message) bool {
	if !c.options.KeepSession || m.QoS() == 0 {
		return false
	}
	c.straying.Lock()
	defer c.straying.Unlock()
	c.strays = append(c.strays, m)
	if len(c.strays) == 1 {
		c.strayTimer = time.AfterFunc(strayTime, c.dropStrays)
	}
	return true
}

// adopt gives a new subscription the messages that have waited for it. routes
// is held, so that what comes meanwhile stays behind them.
func (c *Client) adopt(s *Subscription) {
	c.straying.Lock()
	var own []*Message
	c.strays = slices.DeleteFunc(c.strays, func(m *Message) bool {
		takes := slices.Contains(c.trie.match(nil, m.Topic()), s)
		if takes {
			own = append(own, m)
		}
		return takes
	})
	c.straying.Unlock()
	for _, m := range own {
		m.holders.Store(1)
		s.handle(m)
	}
}

// dropStrays acknowledges what nobody wants, so that the broker goes on.
func (c *Client) dropStrays() {
	for _, m := range c.takeStrays() {
		m.paho.Ack()
	}
}

// takeStrays forgets the messages of a connection that has ended, which come
// again with the next one, or that nobody wants.
func (c *Client) takeStrays() []*Message {
	c.straying.Lock()
	defer c.straying.Unlock()
	list := c.strays
	c.strays = nil
	if c.strayTimer != nil {
		c.strayTimer.Stop()
	}
	return list
}
