package memory

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
)

// patience is far above what anything takes on a slow machine.
const patience = time.Minute

// space is a registry with the connectors of this package.
type space struct{ *connector.Registry }

func newSpace() space {
	s := space{connector.NewRegistry()}
	Register(s.Registry)
	return s
}

func env() connector.Env { return connector.Env{Log: slog.New(slog.DiscardHandler)} }

func (s space) sink(t testing.TB, props map[string]any) connector.Sink {
	t.Helper()
	info, err := s.Sink("memory")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, env())
	if err != nil {
		t.Fatal(err)
	}
	sink, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

func (s space) source(t testing.TB, props map[string]any) connector.Source {
	t.Helper()
	info, err := s.Source("memory")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, env())
	if err != nil {
		t.Fatal(err)
	}
	source, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close(context.Background()) })
	return source
}

// subscribe is a connected source.
func (s space) subscribe(t testing.TB, filter string) connector.Source {
	t.Helper()
	source := s.source(t, map[string]any{"datasource": filter})
	if err := source.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return source
}

func (s space) lookup(t testing.TB, props map[string]any) connector.Lookup {
	t.Helper()
	info, err := s.Lookup("memory")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, env())
	if err != nil {
		t.Fatal(err)
	}
	l, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func payload(t testing.TB, rows ...map[string]any) []byte {
	t.Helper()
	var list []*value.Fields
	for _, r := range rows {
		v, err := value.Of(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v.Object())
	}
	return codec.AppendRows(nil, list)
}

// publish writes messages to a topic.
func publish(t testing.TB, sink connector.Sink, topic string, payloads ...string) {
	t.Helper()
	var msgs []connector.Outbound
	for _, p := range payloads {
		msgs = append(msgs, connector.Outbound{Payload: []byte(p), Values: map[string]string{"topic": topic}, Rule: "r"})
	}
	if err := sink.Write(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
}

// read returns so many messages as "topic payload".
func read(t testing.TB, s connector.Source, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got []string
	for len(got) < n {
		msgs, _, err := s.Read(ctx)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		for _, m := range msgs {
			topic := m.Meta.Get("topic").Str()
			if all := m.Meta.All().Object(); all.Get("topic").Str() != topic || !m.Meta.Get("qos").IsMissing() {
				t.Errorf("metadata %v", all)
			}
			got = append(got, topic+" "+string(m.Payload))
		}
	}
	return got
}

func TestSinkConformance(t *testing.T) {
	s := newSpace()
	reader := s.subscribe(t, "plant/#")
	var got []string
	h := connectortest.Sink{
		New: func(t *testing.T) connector.Sink { return s.sink(t, map[string]any{"topic": "plant/{{.line}}"}) },
		Received: func(t *testing.T) []string {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			for {
				msgs, _, err := reader.Read(ctx)
				if err != nil {
					return got
				}
				for _, m := range msgs {
					got = append(got, string(m.Payload))
				}
			}
		},
		Message: func(p string) connector.Outbound {
			return connector.Outbound{Payload: []byte(p), Values: map[string]string{"topic": "plant/1"}, Rule: "r"}
		},
		Bad: &connector.Outbound{Payload: []byte("x"), Values: map[string]string{"topic": "plant/+"}, Rule: "r"},
	}
	h.Run(t)
}

func TestSourceConformance(t *testing.T) {
	s := newSpace()
	h := connectortest.Source{
		New: func(t *testing.T) connector.Source { return s.source(t, map[string]any{"datasource": "plant/+/a"}) },
		Send: func(t *testing.T, payloads ...string) {
			publish(t, s.sink(t, map[string]any{"topic": "plant/{{.line}}/a"}), "plant/1/a", payloads...)
		},
	}
	h.Run(t)
}

func TestLookupConformance(t *testing.T) {
	s := newSpace()
	h := connectortest.Lookup{
		New: func(t *testing.T) connector.Lookup {
			return s.lookup(t, map[string]any{"datasource": "machines", "key": "id"})
		},
		Fill: func(t *testing.T, rows []*value.Fields) {
			publish(t, s.sink(t, map[string]any{"topic": "machines"}), "machines", string(codec.AppendRows(nil, rows)))
		},
	}
	h.Run(t)
}

func TestProperties(t *testing.T) {
	s := newSpace()
	sink, _ := s.Sink("memory")
	source, _ := s.Source("memory")
	lookup, _ := s.Lookup("memory")
	decode := func(kind string, props map[string]any) error {
		var err error
		switch kind {
		case "sink":
			_, err = sink.Decode(props, env())
		case "source":
			_, err = source.Decode(props, env())
		default:
			_, err = lookup.Decode(props, env())
		}
		return err
	}
	for _, c := range []struct {
		kind  string
		props map[string]any
		want  string
	}{
		{"sink", map[string]any{"topic": "a/{{.b}}"}, ""},
		{"sink", map[string]any{}, `property "topic" is missing`},
		{"sink", map[string]any{"topic": "a/#"}, `topic "a/#": wildcards are for sources`},
		{"sink", map[string]any{"topic": "a", "rowkindField": "kind"}, `property "keyField" is missing`},
		{"sink", map[string]any{"topic": "a", "topc": "b"}, `unknown property "topc"; did you mean "topic"?`},
		{"source", map[string]any{"datasource": "a/+/#"}, ""},
		{"source", map[string]any{"datasource": "a/#/b"}, `topic "a/#/b": # must be the last level`},
		{"source", map[string]any{"datasource": "a/b+"}, `topic "a/b+": # and + stand for whole levels`},
		{"source", map[string]any{}, `property "datasource" is missing`},
		{"source", map[string]any{"datasource": "a", "bufferLength": 0}, `property "bufferLength" must be at least 1`},
		{"lookup", map[string]any{"datasource": "a", "key": "id", "lookup": map[string]any{"cache": true}}, ""},
		{"lookup", map[string]any{"datasource": "a"}, `the option KEY is missing`},
		{"lookup", map[string]any{"datasource": "a/#/b", "key": "id"}, `# must be the last level`},
	} {
		err := decode(c.kind, c.props)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %v: %v, want %q", c.kind, c.props, err, c.want)
		}
	}
}

// A payload belongs to the sink's caller, who uses its memory again.
func TestPayloadIsCopied(t *testing.T) {
	s := newSpace()
	source := s.subscribe(t, "a")
	p := []byte("first")
	if err := s.sink(t, map[string]any{"topic": "a"}).Write(t.Context(), []connector.Outbound{{Payload: p}}); err != nil {
		t.Fatal(err)
	}
	copy(p, "other")
	if got := read(t, source, 1); got[0] != "a first" {
		t.Error(got)
	}
}

// A subscriber that takes nothing does not hold up the sink; what does not fit
// is counted.
func TestFullSubscriberDropsAndCounts(t *testing.T) {
	s := newSpace()
	slow, other := s.subscribe(t, "a"), s.subscribe(t, "a/b")
	sink := s.sink(t, map[string]any{"topic": "{{.t}}"})
	const n, room = 270_000, inboxMessages
	batch := slices.Repeat([]string{"x"}, 1000)
	for range n / len(batch) {
		publish(t, sink, "a", batch...)
	}
	publish(t, sink, "a/b", "x")
	read(t, other, 1)
	if dropped := slow.(interface{ Dropped() uint64 }).Dropped(); dropped != n-room {
		t.Errorf("%d dropped, want %d", dropped, n-room)
	}
	if got := read(t, slow, room); len(got) != room {
		t.Errorf("%d came", len(got))
	}
}

func BenchmarkPublish(b *testing.B) {
	s := newSpace()
	for i := range 1000 {
		s.subscribe(b, fmt.Sprintf("other/%d", i))
	}
	source := s.subscribe(b, "plant/+/temperature")
	sink := s.sink(b, map[string]any{"topic": "plant/1/temperature"})
	msgs := make([]connector.Outbound, 256)
	for i := range msgs {
		msgs[i] = connector.Outbound{Payload: payload(b, map[string]any{"device": "pump", "temperature": 21.5})}
	}
	b.ReportAllocs()
	for range b.N {
		if err := sink.Write(b.Context(), msgs); err != nil {
			b.Fatal(err)
		}
		for left := len(msgs); left > 0; {
			in, _, err := source.Read(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			left -= len(in)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(msgs)), "ns/message")
}
