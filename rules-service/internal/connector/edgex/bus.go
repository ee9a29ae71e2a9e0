// Package edgex is the source of events on the EdgeX message bus, and the sink
// that sends set commands to device services over it.
package edgex

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"

	"sluice/rules-service/internal/connector"
)

// Bus are the settings that the service has from EdgeX's configuration;
// credentials are in Optional.
type Bus struct {
	config.MessageBusInfo
	Metadata string // address of core-metadata, for the owners of devices
}

// Register adds the source and the command sink to r.
func Register(r *connector.Registry, bus Bus) {
	registerSource(r, bus)
	registerCommand(r, bus)
}

func (b Bus) config() types.MessageBusConfig {
	return types.MessageBusConfig{Broker: types.HostInfo{Host: b.Host, Port: b.Port, Protocol: b.Protocol}, Type: b.Type, Optional: b.Optional}
}

// topic is below the prefix of the bus.
func (b Bus) topic(levels ...string) string {
	return strings.Join(append([]string{b.GetBaseTopicPrefix()}, levels...), "/")
}

// link is one client of the bus with its subscriptions. The client's own
// goroutines block on its channels, so a goroutine of ours empties them at all
// times: a blocked MQTT handler loses its connection, a blocked Redis reader
// that of everyone who shares it.
type link struct {
	client   messaging.MessageClient
	mqtt     bool
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
// not block.
func connect(ctx context.Context, c types.MessageBusConfig, topics []string, deliver func(types.MessageEnvelope), fail func(error)) (*link, error) {
	if err := reach(ctx, c.Broker); err != nil {
		return nil, err
	}
	client, err := messaging.NewMessageClient(ours(c))
	if err != nil {
		return nil, fmt.Errorf("message bus: %w", err)
	}
	if err := client.Connect(); err != nil {
		return nil, fmt.Errorf("message bus at %s: %w", address(c.Broker), err)
	}
	l := &link{client: client, mqtt: isMQTT(c), topics: topics, messages: make(chan types.MessageEnvelope, 64), errors: make(chan error, 1),
		stop: make(chan struct{}), stopped: make(chan struct{})}
	subscriptions := make([]types.TopicChannel, len(topics))
	for i, t := range topics {
		subscriptions[i] = types.TopicChannel{Topic: t, Messages: l.messages}
	}
	refused := make(chan error, 1)
	go l.pump(deliver, func(err error) {
		select {
		case refused <- err:
		default:
		}
		fail(err)
	})
	if err := client.Subscribe(subscriptions, l.errors); err != nil {
		l.close()
		return nil, fmt.Errorf("message bus at %s: subscribe to %v: %w", address(c.Broker), topics, err)
	}
	timer := time.NewTimer(settle)
	defer timer.Stop()
	select {
	case err := <-refused:
		l.close()
		return nil, fmt.Errorf("message bus at %s: subscribe to %v: %w", address(c.Broker), topics, err)
	case <-timer.C:
	case <-ctx.Done():
		l.close()
		return nil, ctx.Err()
	}
	return l, nil
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

func isMQTT(c types.MessageBusConfig) bool { return strings.EqualFold(c.Type, messaging.MQTT) }

// ours adapts the settings of the service to one more client: an MQTT broker
// throws out the older of two clients with one id, and a client that
// reconnects by itself does not tell that it was gone.
func ours(c types.MessageBusConfig) types.MessageBusConfig {
	c.Optional = maps.Clone(c.Optional)
	if c.Optional == nil {
		c.Optional = map[string]string{}
	}
	if isMQTT(c) {
		c.Optional["ClientId"] = strings.TrimSuffix(c.Optional["ClientId"], "-") + "-rules-" + uuid.NewString()[:13]
		c.Optional["AutoReconnect"] = "false"
		if k := c.Optional["KeepAlive"]; k == "" || k == "0" {
			c.Optional["KeepAlive"] = "10"
		}
	}
	return c
}

// errUnreadable is a message that is no envelope; the connection is all right.
var errUnreadable = errors.New("message is no EdgeX envelope")

func (l *link) pump(deliver func(types.MessageEnvelope), fail func(error)) {
	defer close(l.stopped)
	for {
		select {
		case m := <-l.messages:
			deliver(m)
		case err := <-l.errors:
			fail(classify(err))
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

// nobody is a topic without subscribers.
const nobody = "sluice/nobody"

// probe asks an MQTT client whether its connection is up; the Redis client
// tells by itself. To unsubscribe from nothing changes nothing, and fails at
// once without a connection. To connect would tell as well, but a client that
// is ended right after an attempt that failed hangs, and its goroutines stay.
func (l *link) probe() error {
	if !l.mqtt {
		return nil
	}
	return l.client.Unsubscribe(nobody)
}

// close ends the client, in the background: it may wait for a server that is
// gone. Unsubscribing comes first, since only that ends the goroutines of the
// Redis client.
func (l *link) close() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = l.client.Unsubscribe(l.topics...)
		_ = l.client.Disconnect()
		close(l.stop)
		<-l.stopped
		l.drain()
	}()
	return done
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
