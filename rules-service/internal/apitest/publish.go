package apitest

import (
	"encoding/json"
	"testing"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// Publish writes rows, as JSON objects, to a topic of the sink "memory" of a
// service with the built-in connectors, each as one message.
func (s *Service) Publish(t testing.TB, topic string, rows ...string) {
	t.Helper()
	info, err := s.registry.Sink("memory")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(map[string]any{"topic": topic}, connector.Env{})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	msgs := make([]connector.Outbound, len(rows))
	for i, text := range rows {
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		row, err := value.Of(object)
		if err != nil {
			t.Fatal(err)
		}
		msgs[i].Payload = codec.AppendRows(nil, []*value.Fields{row.Object()})
	}
	if err := sink.Write(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
}
