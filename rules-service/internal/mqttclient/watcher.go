package mqttclient

// watcher is a user of a client without a subscription, who wants to know of
// the end of connections as well.
type watcher struct{ lost func(error) }

// Watch has lost called with the reason of the end of each connection, until
// stop is called. It must not block.
func (c *Client) Watch(lost func(error)) (stop func()) {
	w := &watcher{lost}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers[w] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, w)
	}
}

// warn tells the watchers.
func (c *Client) warn(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.watchers {
		w.lost(err)
	}
}
