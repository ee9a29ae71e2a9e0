package mqtt

import (
	"bytes"
	"slices"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// endIn is the index of the message that ends the stream, or -1.
func (s *source) endIn(msgs []*mqttclient.Message) int {
	if s.eof == nil {
		return -1
	}
	return slices.IndexFunc(msgs, func(m *mqttclient.Message) bool { return bytes.Equal(m.Payload(), s.eof) })
}

// last returns what comes before the end. What comes with it and behind it is
// none of the stream, but the broker waits for an answer to it.
func (s *source) last(msgs []*mqttclient.Message, end int) ([]connector.Inbound, func(error), error) {
	s.ended = true
	if end > 0 {
		ack := s.take(msgs[:end], msgs)
		s.inbox.Fail(connector.ErrEndOfInput) // tells that there is more to read
		return s.in, ack, nil
	}
	for _, m := range msgs {
		m.Ack()
	}
	return nil, nil, connector.ErrEndOfInput
}
