package edgex

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"
)

const (
	// queueLimit is how many events wait while the bus is away or slow.
	queueLimit = 8192
	// firstPause and longestPause lie between two attempts to reach the bus.
	firstPause, longestPause = 200 * time.Millisecond, 5 * time.Second
)

// bus is what the publisher needs of a messaging client.
type bus interface {
	Connect() error
	Publish(message types.MessageEnvelope, topic string) error
	Subscribe(topics []types.TopicChannel, failed chan error) error
	Disconnect() error
}

// publisher sends events in the order in which they were given to it, from
// one goroutine. While the bus is away it keeps the newest queueLimit events.
type publisher struct {
	bus     bus
	log     *slog.Logger
	topic   func(dtos.Event) string
	maxSize int64              // bytes of one event; 0: no limit
	sent    func(readings int) // told of each event that the bus took
	seen    func(*dtos.Event)  // told of each event that is queued
	join    func() error       // called once, when the bus is there for the first time
	confirm func() error       // waits until the bus has handled all before it

	// lasting: the bus closes no connection over a topic, and that it can be
	// joined proves nothing, as with Redis. An event is then never at fault.
	lasting bool

	topics *topics // of the goroutine alone

	wake      chan struct{}
	finish    chan struct{} // closed: publish what is left, then end
	done      chan struct{}
	connected bool // of the goroutine alone
	joined    bool // of the goroutine alone
	away      bool // of the goroutine alone

	mu      sync.Mutex
	behind  chan struct{} // closed when the queue is short again, nil unless somebody waits for that
	stalled bool          // the bus is away: there is no use in waiting
	queue   []*dtos.Event
	origin  int64 // of the newest event
	dropped uint64
}

// droppedEvents tells how many events were dropped since the start.
func (p *publisher) droppedEvents() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropped
}

func newPublisher(b bus, log *slog.Logger, topic func(dtos.Event) string, maxSize int64, sent func(readings int)) *publisher {
	return &publisher{
		bus: b, log: log, topic: topic, maxSize: maxSize, sent: sent,
		seen: func(*dtos.Event) {},
		join: func() error { return nil }, confirm: func() error { return nil }, topics: newTopics(log),
		wake: make(chan struct{}, 1), finish: make(chan struct{}), done: make(chan struct{}),
	}
}

// send queues an event and gives it its origin. It never waits: when the
// queue is full, the oldest event is dropped and counted.
func (p *publisher) send(e *dtos.Event) {
	p.mu.Lock()
	p.origin = max(time.Now().UnixNano(), p.origin+1)
	e.Origin = p.origin
	for i := range e.Readings {
		if e.Readings[i].Origin == 0 {
			e.Readings[i].Origin = p.origin
		}
	}
	if len(p.queue) >= queueLimit {
		p.queue[0] = nil
		p.queue = p.queue[1:]
		p.dropped++
	}
	p.queue = append(p.queue, e)
	p.mu.Unlock()
	p.seen(e)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run publishes until ctx ends or close is called.
func (p *publisher) run(ctx context.Context) {
	defer close(p.done)
	defer p.disconnect()
	for {
		e, ok := p.next(ctx)
		if !ok || !p.publish(ctx, e) {
			return
		}
	}
}

// farewell is how long the end waits for the bus.
const farewell = 3 * time.Second

// disconnect ends the connection in an orderly way if that goes: an MQTT
// client whose connection is lost at this moment would wait for weeks.
func (p *publisher) disconnect() {
	if !p.connected {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.bus.Disconnect() // at the end nobody is left to mind
	}()
	select {
	case <-done:
	case <-time.After(farewell):
	}
}

// close lets the publisher send what is queued, as long as the bus takes it.
func (p *publisher) close() {
	close(p.finish)
	<-p.done
}

// next waits for the oldest event.
func (p *publisher) next(ctx context.Context) (*dtos.Event, bool) {
	for {
		if e := p.take(); e != nil {
			return e, true
		}
		select {
		case <-ctx.Done():
			return nil, false
		case <-p.wake:
		case <-p.finish:
			e := p.take()
			return e, e != nil
		}
	}
}

func (p *publisher) take() *dtos.Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return nil
	}
	e := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	p.ease()
	return e
}

// publish sends one event, however long that takes, or drops one that the bus
// cannot take. It gives up only at the end.
func (p *publisher) publish(ctx context.Context, e *dtos.Event) bool {
	envelope, err := p.envelope(e)
	if err != nil {
		p.drop()
		p.log.Error("event dropped", "device", e.DeviceName, "source", e.SourceName, "error", err)
		return true
	}
	topic := p.topic(*e)
	if err := checkTopic(topic); err != nil && !p.lasting {
		p.refuse(topic, e, err)
		return true
	}
	if p.topics.resting(topic) {
		p.drop()
		return true
	}
	losses := 0
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		fresh := !p.connected
		err := p.reach()
		reached := err == nil
		if reached {
			err = p.put(envelope, topic)
		}
		switch {
		case err == nil:
			p.delivered(topic, e)
			return true
		case !reached || isTimeout(err):
			losses = 0 // a bus that is away or silent refuses nobody
		case fresh && !p.lasting:
			losses++
		}
		if losses == lossLimit || reached && p.topics.isRefused(topic) {
			p.refuse(topic, e, err)
			return true
		}
		p.lost(err)
		select {
		case <-ctx.Done():
			return false
		case <-p.finish:
			return false
		case <-time.After(pause):
		}
	}
}

func (p *publisher) refuse(topic string, e *dtos.Event, err error) {
	p.drop()
	p.topics.refuse(topic, e, err)
}

func (p *publisher) drop() {
	p.mu.Lock()
	p.dropped++
	p.mu.Unlock()
}

func (p *publisher) envelope(e *dtos.Event) (types.MessageEnvelope, error) {
	request := requests.NewAddEventRequest(*e)
	payload, contentType, err := request.Encode()
	if err != nil {
		return types.MessageEnvelope{}, fmt.Errorf("encode: %w", err)
	}
	if p.maxSize > 0 && int64(len(payload)) > p.maxSize {
		return types.MessageEnvelope{}, fmt.Errorf("%d bytes are over the limit MaxEventSize of %d KB", len(payload), p.maxSize/1024)
	}
	envelope := types.NewMessageEnvelope(payload, context.Background())
	envelope.CorrelationID, envelope.ContentType = uuid.NewString(), contentType
	return envelope, nil
}

// reach connects unless that is done.
func (p *publisher) reach() error {
	if !p.connected {
		if err := p.bus.Connect(); err != nil {
			return err
		}
		p.connected = true
	}
	if !p.joined {
		if err := p.join(); err != nil {
			p.disconnected()
			return err
		}
		p.joined = true
	}
	return nil
}

// put gives a message to the bus. The first one on each topic is confirmed:
// with QoS 0 there is no answer, and the end of the connection, by which a
// broker refuses a topic, would hit some later event.
func (p *publisher) put(envelope types.MessageEnvelope, topic string) error {
	err := p.bus.Publish(envelope, topic)
	if err == nil && !p.topics.taken[topic] {
		err = p.confirm()
	}
	if err != nil {
		p.disconnected()
	}
	return err
}

func (p *publisher) disconnected() {
	p.connected = false
	p.topics.disconnected()
}

// delivered and lost log once per change.
func (p *publisher) delivered(topic string, e *dtos.Event) {
	p.sent(len(e.Readings))
	p.topics.accept(topic, e)
	if p.away {
		p.away = false
		p.stall(false)
		p.log.Info("message bus is back", "dropped", p.droppedEvents())
	}
}

func (p *publisher) lost(err error) {
	if !p.away {
		p.away = true
		p.stall(true)
		p.log.Warn("message bus is away; the newest events are kept and the connection is tried again", "limit", queueLimit, "error", err)
	}
}

// eventTopic returns the function that names the topic of an event.
func eventTopic(prefix, service string, escape bool) func(dtos.Event) string {
	return func(e dtos.Event) string {
		return common.NewPathBuilder().EnableNameFieldEscape(escape).
			SetPath(prefix).SetPath(common.EventsPublishTopic).SetPath("device").
			SetNameFieldPath(service).SetNameFieldPath(e.ProfileName).SetNameFieldPath(e.DeviceName).SetNameFieldPath(e.SourceName).
			BuildPath()
	}
}
