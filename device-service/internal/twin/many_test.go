package twin

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A new connection has room for what thousands of devices have to say at once:
// a report that is not sent is taken for one that is not answered, and then all
// is said again.
func TestManyDevicesAtOnce(t *testing.T) {
	const n = 3000
	log := slog.New(slog.DiscardHandler)
	m := &MQTT{config: MQTTConfig{AnswerWithin: time.Hour}, log: log, wake: make(chan struct{}, 1), watched: map[string]Device{}, flights: map[string]*flight{}}
	m.ctx, m.cancel = context.WithCancel(t.Context())
	b := New(Options{Interval: time.Hour, Spacing: time.Nanosecond, Log: log}, func(twins Twins) Transport {
		m.twins = twins
		return m
	})
	defer b.Close()
	for i := range n {
		name := fmt.Sprint("d", i)
		b.Add(Device{Name: name, ID: "default/" + name})
		b.State(name, Online)
		b.Report(name, []Reading{{"a", "Int8", "1"}})
	}
	m.greet()
	got := map[string]int{}
	for _, o := range m.outgoing {
		for _, end := range []string{topicGet, topicState, topicUpdate} {
			if strings.HasSuffix(o.topic, end) {
				got[end]++
			}
		}
	}
	if got[topicGet] != n || got[topicState] != n || got[topicUpdate] != n {
		t.Errorf("of %d devices: %v", n, got)
	}
}
