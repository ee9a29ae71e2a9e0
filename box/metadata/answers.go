package metadata

import (
	"log/slog"
	"path"
	"sync"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
)

// answers brings the answers of device services to those who wait for them. One
// subscription is for all: one for each question would cost two more exchanges
// with the broker, which keeps subscriptions on its disk.
type answers struct {
	client messaging.MessageClient
	topic  string // its last level is the id of the question
	log    *slog.Logger

	messages chan types.MessageEnvelope
	failed   chan error
	stop     chan struct{}
	reader   sync.WaitGroup

	mu         sync.Mutex
	subscribed bool
	open       map[string]chan types.MessageEnvelope // by the id of the question
}

func newAnswers(client messaging.MessageClient, topic string, log *slog.Logger) *answers {
	return &answers{client: client, topic: topic, log: log,
		messages: make(chan types.MessageEnvelope, 8), failed: make(chan error, 8), stop: make(chan struct{}),
		open: map[string]chan types.MessageEnvelope{}}
}

// subscribe is for before the first question. One that fails is tried again
// with the next.
func (a *answers) subscribe() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.subscribed {
		return nil
	}
	if err := a.client.Subscribe([]types.TopicChannel{{Topic: a.topic, Messages: a.messages}}, a.failed); err != nil {
		return err
	}
	a.subscribed = true
	a.reader.Go(a.read)
	return nil
}

// expect returns where the answer to a question will be.
func (a *answers) expect(id string) <-chan types.MessageEnvelope {
	answer := make(chan types.MessageEnvelope, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open[id] = answer
	return answer
}

func (a *answers) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, id)
}

func (a *answers) read() {
	for {
		select {
		case m := <-a.messages:
			a.bring(m)
		case err := <-a.failed:
			a.log.Warn("an answer of a device service cannot be read", "error", err)
		case <-a.stop:
			return
		}
	}
}

// bring gives an answer to who waits for it. Answers that come too late, and
// those to the questions of others, nobody waits for.
func (a *answers) bring(m types.MessageEnvelope) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := path.Base(m.ReceivedTopic)
	if answer := a.open[id]; answer != nil {
		delete(a.open, id) // there is room for one
		answer <- m
	}
}

// close ends the reading, when no answer can come any more: the client must not
// wait for a reader that has gone.
func (a *answers) close() {
	a.mu.Lock()
	subscribed := a.subscribed
	a.mu.Unlock()
	if !subscribed {
		return
	}
	_ = a.client.Unsubscribe(a.topic) // of no use to anyone after this
	close(a.stop)
	a.reader.Wait()
}
