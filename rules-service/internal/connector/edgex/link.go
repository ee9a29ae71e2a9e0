package edgex

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
)

// link is one client of the bus with its subscriptions. The client's own
// goroutines block on its channels, so a goroutine of ours empties them at all
// times: a blocked MQTT handler loses its connection, a blocked Redis reader
// that of everyone who shares it.
type link struct {
	client   client
	address  string
	topics   []string
	messages chan types.MessageEnvelope
	errors   chan error
	stop     chan struct{}
	stopped  chan struct{}
}

// settle is how long a subscription may take to be refused: go-mod-messaging
// returns before Redis has answered, and tells of an error on the channel.
const settle = 100 * time.Millisecond

// connect makes a link. deliver and fail are called by its goroutine and must
// not block. fail gets errUnreadable for a message, and another error when the
// connection is lost.
func connect(ctx context.Context, c types.MessageBusConfig, topics []string, deliver func(types.MessageEnvelope), fail func(error)) (*link, error) {
	l := &link{address: address(c.Broker), topics: topics, messages: make(chan types.MessageEnvelope, 64), errors: make(chan error, 8),
		stop: make(chan struct{}), stopped: make(chan struct{})}
	if err := reach(ctx, c.Broker); err != nil {
		return nil, err
	}
	var err error
	if l.client, err = newClient(c, l.errors); err != nil {
		return nil, fmt.Errorf("message bus: %w", err)
	}
	if err := l.client.Connect(); err != nil {
		return nil, fmt.Errorf("message bus at %s: %w", l.address, err)
	}
	refused := make(chan error, 1)
	go l.pump(deliver, func(err error) {
		select {
		case refused <- err:
		default:
		}
		fail(err)
	}, probeOf(c, l.client))
	if len(topics) == 0 {
		return l, nil
	}
	if err := l.subscribe(ctx, refused); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *link) subscribe(ctx context.Context, refused <-chan error) error {
	subscriptions := make([]types.TopicChannel, len(l.topics))
	for i, t := range l.topics {
		subscriptions[i] = types.TopicChannel{Topic: t, Messages: l.messages}
	}
	err := l.client.Subscribe(subscriptions, l.errors)
	if err == nil {
		timer := time.NewTimer(settle)
		defer timer.Stop()
		select {
		case err = <-refused:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("message bus at %s: subscribe to %v: %w", l.address, l.topics, err)
}

// reach finds out whether somebody listens: the Redis client connects without
// a word when nobody does.
func reach(ctx context.Context, h types.HostInfo) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address(h))
	if err != nil {
		return fmt.Errorf("message bus at %s: %w", address(h), err)
	}
	return c.Close()
}

func address(h types.HostInfo) string { return net.JoinHostPort(h.Host, strconv.Itoa(h.Port)) }

// errUnreadable is a message that is no envelope; the connection is all right.
var errUnreadable = errors.New("message is no EdgeX envelope")

// probing is how often an MQTT client is asked for its connection.
const probing = time.Second

func (l *link) pump(deliver func(types.MessageEnvelope), fail func(error), probe func() error) {
	defer close(l.stopped)
	var due <-chan time.Time // for ever: there is nothing to ask
	if probe != nil {
		ticker := time.NewTicker(probing)
		defer ticker.Stop()
		due = ticker.C
	}
	for {
		select {
		case m := <-l.messages:
			deliver(m)
		case err := <-l.errors:
			fail(classify(err))
		case <-due:
			if err := probe(); err != nil {
				fail(err)
				due = nil // told once
			}
		case <-l.stop:
			return
		}
	}
}

// classify tells messages that cannot be read from connections that are lost;
// go-mod-messaging has one channel for both.
func classify(err error) error {
	text := err.Error()
	for _, mark := range []string{"unmarshal", "invalid character", "unexpected end of JSON", "illegal base64"} {
		if strings.Contains(text, mark) {
			return fmt.Errorf("%w: %w", errUnreadable, err)
		}
	}
	return err
}

// noteLoss puts the end of a connection into a channel that has room for it.
func noteLoss(lost chan<- error) func(error) {
	return func(err error) {
		if errors.Is(err, errUnreadable) {
			return
		}
		select {
		case lost <- err:
		default:
		}
	}
}

// flush waits until the bus has what was published; the other buses answer each
// message that they can answer at all.
func (l *link) flush(ctx context.Context) error {
	if f, ok := l.client.(interface{ Flush(context.Context) error }); ok {
		return f.Flush(ctx)
	}
	return nil
}

// close ends the client, in the background: it may wait for a server that is
// gone. Unsubscribing comes first, since only that ends the goroutines of the
// Redis client.
func (l *link) close() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if len(l.topics) > 0 {
			_ = l.client.Unsubscribe(l.topics...)
		}
		_ = l.client.Disconnect()
		close(l.stop)
		<-l.stopped
		l.drain()
	}()
	return done
}

// end closes a link, if there is one, and waits for it as long as ctx allows.
func (l *link) end(ctx context.Context) error {
	if l == nil {
		return nil
	}
	select {
	case <-l.close():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the message bus: %w", ctx.Err())
	}
}

// drain frees a goroutine of the client that waits to hand over its last
// message; the channels have room for what may follow.
func (l *link) drain() {
	for {
		select {
		case <-l.messages:
		case <-l.errors: //nolint:errcheck // what is drained is not wanted
		default:
			return
		}
	}
}
