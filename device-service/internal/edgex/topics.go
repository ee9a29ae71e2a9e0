package edgex

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

const (
	// lossLimit is how often the connection may break on one event, each time
	// right after it was made, before the event is taken for the cause.
	lossLimit = 3
	// refusalTime is how long a topic is left alone before it is tried again:
	// the broker may have been told to take it.
	refusalTime = time.Minute
)

// remedy ends each warning of a name that makes no topic.
const remedy = "rename it, or set Service.EnableNameFieldEscape to true in all services"

// checkTopic refuses what MQTT forbids in the topic of a message: a broker
// answers it by closing the connection.
func checkTopic(topic string) error {
	if i := strings.IndexAny(topic, "+#\x00"); i >= 0 {
		return fmt.Errorf("topic %q has the character %q, which MQTT forbids there", topic, topic[i])
	}
	return nil
}

// isTimeout tells that the bus did not answer, which is no loss of the
// connection. go-mod-messaging keeps the type of the error to itself.
func isTimeout(err error) bool { return strings.Contains(err.Error(), "Timeout occured") }

// topics remembers what the broker said about each topic. It belongs to the
// goroutine of the publisher alone.
type topics struct {
	log     *slog.Logger
	taken   map[string]bool      // since the connection was made
	refused map[string]time.Time // when to try again
}

func newTopics(log *slog.Logger) *topics {
	return &topics{log: log, taken: make(map[string]bool), refused: make(map[string]time.Time)}
}

// resting tells that a topic was refused a short time ago.
func (t *topics) resting(topic string) bool {
	again, found := t.refused[topic]
	return found && time.Now().Before(again)
}

func (t *topics) isRefused(topic string) bool {
	_, found := t.refused[topic]
	return found
}

// refuse warns once of the source that a topic belongs to.
func (t *topics) refuse(topic string, e *dtos.Event, err error) {
	if !t.isRefused(topic) {
		t.log.Warn("events dropped: the message bus refuses the name of their device, profile or source; "+remedy,
			"device", e.DeviceName, "profile", e.ProfileName, "source", e.SourceName, "topic", topic, "error", err)
	}
	t.refused[topic] = time.Now().Add(refusalTime)
}

// accept notes that the broker took a message on the topic.
func (t *topics) accept(topic string, e *dtos.Event) {
	t.taken[topic] = true
	if t.isRefused(topic) {
		delete(t.refused, topic)
		t.log.Info("events are taken again", "device", e.DeviceName, "source", e.SourceName)
	}
}

// disconnected forgets what was taken: another broker may answer next time.
func (t *topics) disconnected() { clear(t.taken) }
