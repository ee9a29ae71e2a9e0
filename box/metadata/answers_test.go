package metadata

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
)

// subscription is a message bus with nothing else.
type subscription struct {
	messaging.MessageClient
	refused  error
	topics   []string
	messages chan types.MessageEnvelope
}

func (s *subscription) Subscribe(topics []types.TopicChannel, _ chan error) error {
	if s.refused != nil {
		return s.refused
	}
	s.topics, s.messages = append(s.topics, topics[0].Topic), topics[0].Messages
	return nil
}

func (s *subscription) Unsubscribe(topics ...string) error {
	s.topics = slices.DeleteFunc(s.topics, func(t string) bool { return slices.Contains(topics, t) })
	return nil
}

func (s *subscription) answer(id, text string) {
	s.messages <- types.MessageEnvelope{ReceivedTopic: "edgex/response/ds/" + id, Payload: []byte(text)}
}

func TestAnswersReachWhoHasAsked(t *testing.T) {
	bus := &subscription{refused: errors.New("away")}
	a := newAnswers(bus, "edgex/response/+/+", slog.New(slog.DiscardHandler))
	if err := a.subscribe(); !errors.Is(err, bus.refused) {
		t.Fatal(err)
	}
	bus.refused = nil
	for range 2 {
		if err := a.subscribe(); err != nil {
			t.Fatal(err)
		}
	}
	if len(bus.topics) != 1 {
		t.Errorf("subscriptions: %q, want one for all questions", bus.topics)
	}
	first, second, late := a.expect("1"), a.expect("2"), a.expect("3")
	a.forget("3")
	bus.answer("3", "too late")
	bus.answer("of someone else", "nothing to us")
	bus.answer("2", "second")
	bus.answer("2", "again")
	bus.answer("1", "first")
	for text, from := range map[string]<-chan types.MessageEnvelope{"first": first, "second": second} {
		select {
		case m := <-from:
			if string(m.Payload) != text {
				t.Errorf("answer %q, want %q", m.Payload, text)
			}
		case <-time.After(patience):
			t.Fatalf("%s has no answer", text)
		}
	}
	a.close()
	if len(late) != 0 || len(bus.topics) != 0 {
		t.Errorf("at the end %d late answers, subscriptions %q", len(late), bus.topics)
	}
}
