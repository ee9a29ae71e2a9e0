package twin

import (
	"encoding/json"
	"fmt"
)

// message is what edgecore publishes: each kind has some of these.
type message struct {
	EventID string               `json:"event_id"`
	Code    int                  `json:"code"`
	Reason  string               `json:"reason"`
	Twin    map[string]*property `json:"twin"`
	Delta   map[string]string    `json:"delta"`
	Devices []member             `json:"devices"`
	Added   []member             `json:"added_devices"`
}

type member struct {
	ID string `json:"id"`
}

// property is one of a twin, in messages of both directions.
type property struct {
	Expected *twinValue   `json:"expected,omitempty"`
	Actual   *twinValue   `json:"actual,omitempty"`
	Metadata *twinDetails `json:"metadata,omitempty"`
}

type twinValue struct {
	Value    *string       `json:"value"`
	Metadata *valueDetails `json:"metadata,omitempty"`
}

type twinDetails struct {
	Type string `json:"type,omitempty"`
}

type valueDetails struct {
	Timestamp int64  `json:"timestamp"`
	Type      string `json:"type,omitempty"`
}

func parse(payload []byte) (message, error) {
	var m message
	if err := json.Unmarshal(payload, &m); err != nil {
		return message{}, fmt.Errorf("a message of edgecore is not as it should be: %w", err)
	}
	return m, nil
}

// desired are the values of a delta, or those of a twin that the cloud wants
// and the edge does not have.
func (m *message) desired() map[string]string {
	out := map[string]string{}
	for name, value := range m.Delta {
		if value != "" { // which is no wish
			out[name] = value
		}
	}
	if len(m.Delta) > 0 {
		return out
	}
	for name, p := range m.Twin {
		if p == nil || p.Expected == nil || p.Expected.Value == nil || *p.Expected.Value == "" {
			continue
		}
		if p.Actual == nil || p.Actual.Value == nil || *p.Actual.Value != *p.Expected.Value {
			out[name] = *p.Expected.Value
		}
	}
	return out
}

// refusal is the answer as an outcome, nil if edgecore has taken the report.
func (m *message) refusal() *Refusal {
	if m.Code == 0 || m.Code == 200 {
		return nil
	}
	return &Refusal{Code: m.Code, Reason: m.Reason}
}

// encode is a message to edgecore. It cannot fail: there is nothing in it but
// texts and numbers.
func encode(eventID string, ms int64, more map[string]any) []byte {
	m := map[string]any{"event_id": eventID, "timestamp": ms}
	for k, v := range more {
		m[k] = v
	}
	payload, _ := json.Marshal(m)
	return payload
}

// update is a report of values.
func update(eventID string, ms int64, values []Value) []byte {
	twin := make(map[string]property, len(values))
	for _, v := range values {
		twin[v.Property] = property{
			Actual:   &twinValue{Value: &v.Text, Metadata: &valueDetails{Timestamp: ms}},
			Metadata: &twinDetails{Type: v.Type},
		}
	}
	return encode(eventID, ms, map[string]any{"twin": twin})
}

// series is a time series of values.
func series(eventID string, ms int64, values []Value) []byte {
	data := make(map[string]twinValue, len(values))
	for _, v := range values {
		data[v.Property] = twinValue{Value: &v.Text, Metadata: &valueDetails{Timestamp: ms, Type: v.Type}}
	}
	return encode(eventID, ms, map[string]any{"data": data})
}
