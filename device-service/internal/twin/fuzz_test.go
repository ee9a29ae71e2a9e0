package twin

import (
	"encoding/json"
	"log/slog"
	"math"
	"strconv"
	"testing"

	"sluice/tests/edgecore"
)

// nobody takes what a transport tells.
type nobody struct{ *testing.T }

func (nobody) Renew()           {}
func (nobody) Known(string)     {}
func (nobody) Added(string)     {}
func (nobody) Unnamed(*Refusal) {}
func (n nobody) Desire(_ string, values map[string]string, _ func(string, Value, error)) {
	if len(values) == 0 {
		n.Error("nothing is desired")
	}
}

// Whatever comes over the broker, the bridge goes on.
func FuzzMessages(f *testing.F) {
	for _, s := range []string{
		`{"event_id":"e1","timestamp":1,"twin":{"temperature":{"actual":{"value":"81.5","metadata":{"timestamp":1}},"optional":true,"metadata":{"type":"float"}}}}`,
		`{"event_id":"","timestamp":1,"code":404,"reason":"update rejected due to the device is not existed"}`,
		`{"event_id":"x","timestamp":1,"twin":{"threshold":{"expected":{"value":"80","metadata":{"timestamp":1}},"optional":true,"metadata":{"type":"int"}}},"delta":{"threshold":"80"}}`,
		`{"event_id":"e","timestamp":1,"devices":[{"id":"default/boiler-1","name":"boiler-1","state":"online"}]}`,
		`{"added_devices":[{"id":"default/boiler-1"}],"removed_devices":null}`,
		`{"twin":{"a":null,"b":{"expected":null},"c":{"expected":{"value":null}},"d":{"actual":{}}}}`,
		`{"delta":{"a":null}}`, `[]`, `null`, `{`, "",
	} {
		for _, topic := range []string{devicePrefix + boiler + topicResult, devicePrefix + boiler + topicDelta, devicePrefix + boiler + topicGetResult, devicePrefix + topicResult, nodePrefix + "n" + topicMembersNew, nodePrefix + "n" + topicMembersFound} {
			f.Add(topic, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		m := &MQTT{twins: nobody{t}, log: slog.New(slog.DiscardHandler), watched: map[string]Device{boiler: boilerDevice()}, flights: map[string]*flight{}}
		m.take(topic, payload)
	})
}

// What is sent is always something that edgecore takes.
func FuzzValues(f *testing.F) {
	f.Add("p", "Float64", "1e300")
	f.Add("p", "Float32", "-1e-45")
	f.Add("p", "Float64", "0x1p-2")
	f.Add("p", "Int64", "-0")
	f.Add("p", "Bool", "T")
	f.Add("p", "String", "a b")
	f.Add("é", "Uint8", "+1")
	f.Fuzz(func(t *testing.T, name, kind, text string) {
		v, err := value(Reading{name, kind, text})
		if err != nil {
			return
		}
		if !edgecore.GoodName.MatchString(v.Property) || !edgecore.GoodValue.MatchString(v.Text) || edgecore.CheckKind(v.Type, v.Text) != nil {
			t.Errorf("%+v", v)
		}
		if kind == "Float64" {
			was, _ := strconv.ParseFloat(text, 64)
			if is, err := strconv.ParseFloat(v.Text, 64); err != nil || math.Float64bits(is) != math.Float64bits(was) {
				t.Errorf("%s became %s", text, v.Text)
			}
		}
		if !json.Valid(update("e", 1, []Value{v})) || !json.Valid(series("e", 1, []Value{v})) {
			t.Error("no JSON")
		}
	})
}

// BenchmarkReport is an event of which nothing has changed, as most are.
func BenchmarkReport(b *testing.B) {
	bridge := quiet(&still{}, Options{Interval: 1 << 40, Spacing: 1})
	defer bridge.Close()
	bridge.Add(boilerDevice())
	event := []Reading{{"a", "Float64", "81.5"}, {"b", "Int16", "7"}, {"c", "Bool", "true"}}
	b.ReportAllocs()
	for b.Loop() {
		bridge.Report("boiler-1", event)
	}
}
