package delivery

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
)

func FuzzParseStored(f *testing.F) {
	f.Add(appendStored(nil, &connector.Outbound{Payload: []byte("p"), Values: map[string]string{"topic": "t", "headers.A": ""}}, 7, action{"r1", "mqtt_0"}))
	f.Add(appendStored(nil, &connector.Outbound{}, 0, action{}))
	f.Add(appendForget(nil, action{rule: "r1"}))
	f.Add(appendDone(nil, []journal.Offset{1, 1 << 60}))
	f.Add([]byte{storedUnnumbered, 2, 'r', '1', 0, 0, 'p'})
	f.Add([]byte{storedMessage, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1})
	f.Add([]byte{storedDone, 200})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseStored(b)
		if err != nil {
			return
		}
		var again []byte
		switch {
		case m.forget:
			again = appendForget(nil, m.action)
		case m.done != nil:
			again = appendDone(nil, m.done)
		default:
			again = appendStored(nil, &m.Outbound, m.number, m.action)
		}
		back, err := parseStored(again)
		if err != nil || back.action != m.action || back.forget != m.forget || !slices.Equal(back.done, m.done) ||
			!bytes.Equal(back.Payload, m.Payload) || !maps.Equal(back.Values, m.Values) || back.Rule != m.Rule || back.number != m.number {
			t.Fatalf("%+v became %+v, error %v", m, back, err)
		}
	})
}
