package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/tests/stack"
)

// listener hears the events on the bus of the plant.
type listener struct {
	mu     sync.Mutex
	events map[string][]dtos.Event // since the last clear
	every  map[string][]int64      // origins
}

func listen(t *testing.T, b stack.Bus) *listener {
	l := &listener{events: map[string][]dtos.Event{}, every: map[string][]int64{}}
	client := b.Client(t, "site")
	messages, failed := make(chan types.MessageEnvelope), make(chan error, 10)
	if err := client.Subscribe([]types.TopicChannel{{Topic: "edgex/events/device/#", Messages: messages}}, failed); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	go func() {
		for {
			select {
			case <-over:
				return
			case m := <-messages:
				var q requests.AddEventRequest
				if err := q.UnmarshalJSON(m.Payload); err != nil {
					t.Errorf("event on %s: %v", m.ReceivedTopic, err)
					continue
				}
				l.mu.Lock()
				l.events[q.Event.DeviceName] = append(l.events[q.Event.DeviceName], q.Event)
				l.every[q.Event.DeviceName] = append(l.every[q.Event.DeviceName], q.Event.Origin)
				l.mu.Unlock()
			}
		}
	}()
	return l
}

// clear forgets the events, but for their origins.
func (l *listener) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.events)
}

func (l *listener) count(device string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events[device])
}

func (l *listener) all(device string) []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.every[device])
}

func (l *listener) newest(device string) int64 { return slices.Max(l.all(device)) }

func (l *listener) units(device string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.events[device]
	if len(events) == 0 {
		return ""
	}
	return events[len(events)-1].Readings[0].Units
}

func (l *listener) await(t *testing.T, device string, n int) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		if got := l.count(device); got < n {
			return fmt.Errorf("%d events of %s on the bus, want %d", got, device, n)
		}
		return nil
	})
}

// oneSchedule sees that devices are read once in 200 ms: a second schedule
// would make twice as many events as there are ticks.
func (l *listener) oneSchedule(t *testing.T, devices ...string) {
	t.Helper()
	l.clear()
	for _, device := range devices {
		l.await(t, device, 15)
		l.mu.Lock()
		events := l.events[device]
		span := time.Duration(events[len(events)-1].Origin - events[0].Origin)
		if ticks := int(span / (200 * time.Millisecond)); len(events)-1 > ticks+2 {
			t.Errorf("%s: %d events in %d ticks", device, len(events), ticks)
		}
		l.mu.Unlock()
	}
}
