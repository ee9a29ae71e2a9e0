package mqtt

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// reply is what a cloud says of a message.
type reply struct {
	id      string // by which the answer is known; "": it is none of ours
	refusal error  // nil: the cloud has taken the message
}

// reader reads what a cloud sends to the topics of its answers.
type reader func(topic string, payload []byte) reply

// answer is what is waited for.
type answer struct {
	done chan struct{}
	err  error // set before done is closed
}

func (w *answer) end(err error) {
	w.err = err
	close(w.done)
}

var errNoVerdict = errors.New("the broker took the message, but the cloud has not answered in time")

// verdict waits for the answer as long as ctx allows.
func (w *answer) verdict(ctx context.Context) error {
	select {
	case <-w.done: // it counts though ctx may have ended meanwhile
		return w.err
	default:
	}
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// answers knows what the cloud has still to say about messages.
type answers struct {
	read reader
	sub  *mqttclient.Subscription

	mu      sync.Mutex
	pending map[string]*answer
}

func newAnswers(read reader) *answers { return &answers{read: read, pending: map[string]*answer{}} }

// subscribe subscribes to the topics of answers, unless it has.
func (a *answers) subscribe(ctx context.Context, c *mqttclient.Client, filters []string) error {
	if a.sub == nil {
		sub, err := c.Subscribe(filters, 1, a.take, a.fail)
		if err != nil {
			return err
		}
		a.sub = sub
	}
	err := a.sub.Wait(ctx)
	if err != nil && !errors.Is(err, mqttclient.ErrNotConnected) {
		a.close()
	}
	return err
}

func (a *answers) close() {
	if a.sub != nil {
		a.sub.Close()
		a.sub = nil
	}
}

// expect notes a message whose answer is waited for.
func (a *answers) expect(id string) *answer {
	w := &answer{done: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending[id] = w
	return w
}

// take runs on the connection's goroutine.
func (a *answers) take(m *mqttclient.Message) {
	defer m.Ack()
	r := a.read(m.Topic(), m.Payload())
	if r.id == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.pending[r.id]; w != nil {
		delete(a.pending, r.id)
		w.end(r.refusal)
	}
}

// fail ends all waiting: the connection has ended, and no answer will come.
func (a *answers) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, w := range a.pending {
		w.end(fmt.Errorf("%w: the cloud has not answered: %w", connector.ErrConnectionLost, err))
	}
	clear(a.pending)
}

// forget lets go of all messages: nobody waits for them any more.
func (a *answers) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.pending)
}

// counter makes the texts by which answers are known. All sinks of a cloud
// share one, since they hear the answers of each other.
type counter struct {
	prefix string
	last   atomic.Uint32
}

func newCounter() *counter { return &counter{prefix: uuid.NewString()[:8] + "-"} }

// token is different for each message, and from those of other programs.
func (c *counter) token() string { return c.prefix + c.number() }

// number is for clouds that want one.
func (c *counter) number() string { return strconv.FormatUint(uint64(c.last.Add(1)), 10) }
