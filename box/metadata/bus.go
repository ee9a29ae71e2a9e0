package metadata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"
)

// eventQueue is how many changes wait to be told while the bus is slow; beyond
// it their system events are dropped and counted, for a request must not hang on
// them. What a change has to tell is bounded by the body of its request.
const eventQueue = 1024

var errNoAnswer = errors.New("no answer")

// bus speaks to the device services: it asks them about devices and tells
// them of changes. Events leave in the order of the changes.
type bus struct {
	client  messaging.MessageClient
	prefix  string
	timeout time.Duration
	log     *slog.Logger
	answers *answers

	queue   chan []news
	dropped atomic.Int64
	stop    chan struct{}
	sender  sync.WaitGroup
	failing bool // owned by the sender
}

// news is a change that its owner, a device service, is to hear of.
type news struct {
	kind, action, owner, profile string
	details                      any
}

func newBus(client messaging.MessageClient, prefix string, timeout time.Duration, log *slog.Logger) *bus {
	b := &bus{client: client, prefix: prefix, timeout: timeout, log: log,
		queue: make(chan []news, eventQueue), stop: make(chan struct{}),
		answers: newAnswers(client, common.BuildTopic(prefix, common.ResponseTopic, "+", "+"), log)}
	b.sender.Go(b.send)
	return b
}

// close sends what is queued and ends the sender. No question may be open.
func (b *bus) close() {
	b.answers.close()
	close(b.stop)
	b.sender.Wait()
	if n := b.dropped.Load(); n > 0 {
		b.log.Warn("system events were dropped", "count", n)
	}
}

// announce queues the system events of a change.
func (b *bus) announce(all []news) {
	select {
	case b.queue <- all:
	default:
		n := int64(len(all))
		if b.dropped.Add(n) == n {
			b.log.Warn("system events are dropped: the message bus is too slow")
		}
	}
}

func (b *bus) send() {
	for {
		select {
		case all := <-b.queue:
			b.tell(all)
		case <-b.stop:
			b.drain()
			return
		}
	}
}

func (b *bus) drain() {
	for {
		select {
		case all := <-b.queue:
			b.tell(all)
		default:
			return
		}
	}
}

func (b *bus) tell(all []news) {
	for _, n := range all {
		b.report(b.publish(n))
	}
}

// report logs when publishing starts to fail and when it works again.
func (b *bus) report(err error) {
	failing := err != nil
	if failing == b.failing {
		return
	}
	b.failing = failing
	if failing {
		b.log.Warn("publish system events", "error", err)
		return
	}
	b.log.Info("system events are published again")
}

func (b *bus) publish(n news) error {
	payload, err := json.Marshal(dtos.NewSystemEvent(n.kind, n.action, common.CoreMetaDataServiceKey, n.owner, nil, n.details))
	if err != nil {
		return err
	}
	levels := []string{b.prefix, common.SystemEventPublishTopic, common.CoreMetaDataServiceKey, n.kind, n.action, n.owner}
	if n.profile != "" {
		levels = append(levels, n.profile)
	}
	return b.client.Publish(envelope(payload), common.BuildTopic(levels...))
}

func envelope(payload []byte) types.MessageEnvelope {
	ctx := context.WithValue(context.Background(), common.CorrelationHeader, uuid.NewString()) //nolint:staticcheck // EdgeX's key
	ctx = context.WithValue(ctx, common.ContentType, common.ContentTypeJSON)                   //nolint:staticcheck // EdgeX's key
	return types.NewMessageEnvelope(payload, ctx)
}

// validate asks the device's service whether it can serve the device. The
// error is the service's own words, or errNoAnswer.
func (b *bus) validate(ctx context.Context, d dtos.Device) error {
	payload, err := json.Marshal(requests.NewAddDeviceRequest(d))
	if err != nil {
		return err
	}
	question := types.NewMessageEnvelopeForRequest(payload, nil)
	answer, err := b.ask(ctx, question, common.BuildTopic(b.prefix, d.ServiceName, common.ValidateDeviceSubscribeTopic))
	if err != nil {
		return err
	}
	if answer.ErrorCode != 0 {
		return errors.New(string(answer.Payload))
	}
	return nil
}

// ask stands in for the client's own Request, which subscribes anew for each
// question, and panics when the answer comes after its time-out.
func (b *bus) ask(ctx context.Context, question types.MessageEnvelope, topic string) (types.MessageEnvelope, error) {
	if err := b.answers.subscribe(); err != nil {
		return types.MessageEnvelope{}, fmt.Errorf("subscribe to the answers: %w", err)
	}
	answer := b.answers.expect(question.RequestID)
	defer b.answers.forget(question.RequestID)
	if err := b.client.Publish(question, topic); err != nil {
		return types.MessageEnvelope{}, fmt.Errorf("publish the question: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	select {
	case a := <-answer:
		return a, nil
	case <-ctx.Done():
		return types.MessageEnvelope{}, fmt.Errorf("%w within %v", errNoAnswer, b.timeout)
	}
}
