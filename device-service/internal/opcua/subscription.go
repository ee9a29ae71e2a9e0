package opcua

import (
	"maps"
	"slices"
	"time"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// subscription is one subscription at a server, for all devices of a connection
// that have the same pace. It outlives connections, and what the server has of
// it: then it is made again. It belongs to the goroutine of its feed.
type subscription struct {
	pace    pace
	id      uint32 // 0: the server has none
	silence time.Duration
	next    uint32    // the sequence number of the next message
	heard   time.Time // of it for the last time
	members map[string]*device
	items   map[uint32]*item // by client handle

	failure string    // why it cannot be made
	again   time.Time // when to try that again
}

// item is one resource that is watched.
type item struct {
	monitored
	device  string
	out     *outlet
	handle  uint32
	id      uint32    // 0: the server has none
	refused bool      // by the server; it has been told
	again   time.Time // when to ask again
	gap     *gap      // before its next value
}

// lose forgets what the server had; all that was watched has a gap now.
func (s *subscription) lose() {
	s.id, s.again = 0, time.Time{}
	s.mark(driver.GapReconnect, s.heard)
	for _, it := range s.items {
		it.id = 0
	}
}

// mark notes a gap in all that is watched. A gap that was not told yet stays:
// it began earlier.
func (s *subscription) mark(reason string, since time.Time) {
	for _, it := range s.items {
		if it.id != 0 && it.gap == nil {
			it.gap = &gap{reason, since}
		}
	}
}

// devices are the names of those that it is for.
func (s *subscription) devices() []string { return slices.Sorted(maps.Keys(s.members)) }

// drop takes a device out and gives the items that the server has of it. Its
// resources are missed from the last sign of life on.
func (s *subscription) drop(device string) []uint32 {
	missed := s.members[device].missed
	delete(s.members, device)
	var ids []uint32
	for handle, it := range s.items {
		if it.device != device {
			continue
		}
		delete(s.items, handle)
		switch {
		case it.gap != nil:
			missed.note(it.resource.Name, it.gap.since)
		case it.id != 0:
			missed.note(it.resource.Name, s.heard)
		}
		if it.id != 0 {
			ids = append(ids, it.id)
		}
	}
	return ids
}

// silent tells that the server should have given a sign of life by now.
func (s *subscription) silent(now time.Time, timeout time.Duration) bool {
	return s.id != 0 && now.Sub(s.heard) > 2*s.silence+timeout
}

// after is the sequence number that follows; 0 is none.
func after(sequence uint32) uint32 { return max(sequence+1, 1) }

// doubles is how far back a message is taken for one that came twice.
const doubles = 16

// place tells how many messages are missing before one with this number, below
// 0 that it has come already. A server that begins to count anew misses none.
func (s *subscription) place(sequence uint32) int {
	switch ahead := int(int32(sequence - s.next)); {
	case ahead < -doubles:
		return 0
	default:
		return ahead
	}
}

// request asks a server with these namespaces to watch a node of the device.
func (it *item) request(dev *device, namespaces []string) (*ua.MonitoredItemCreateRequest, error) {
	node, err := dev.node(it.resource, namespaces)
	if err != nil {
		return nil, err
	}
	attribute, filter := ua.AttributeIDValue, it.deadband.filter()
	if it.events != nil {
		attribute = ua.AttributeIDEventNotifier
		filter, err = it.events.filter(namespaces)
	}
	sampling := -1.0 // as often as the subscription publishes
	if it.sampling >= 0 {
		sampling = float64(it.sampling) / float64(time.Millisecond)
	}
	return &ua.MonitoredItemCreateRequest{
		ItemToMonitor:  &ua.ReadValueID{NodeID: node, AttributeID: attribute, DataEncoding: &ua.QualifiedName{}},
		MonitoringMode: ua.MonitoringModeReporting,
		RequestedParameters: &ua.MonitoringParameters{
			ClientHandle: it.handle, SamplingInterval: sampling, Filter: filter,
			QueueSize: it.queue, DiscardOldest: !it.dropNewest,
		},
	}, err
}

// overflow is set in the status of a value before which others were dropped.
const overflow = 0x480

// reading is a change as the server told it.
func (it *item) reading(v *ua.DataValue, now time.Time) driver.Reading {
	r := driver.Reading{Resource: it.resource.Name}
	if v == nil {
		r.Time, r.Err = now, errNoValue
		return r
	}
	fill(&r, v, it.resource.Type, now)
	if r.Err != nil {
		return r
	}
	if it.gap == nil && uint32(v.Status)&overflow == overflow {
		it.gap = &gap{reason: driver.GapOverflow}
	}
	it.tell(&r)
	return r
}

// tell puts the gap on the first reading after it.
func (it *item) tell(r *driver.Reading) {
	if it.gap == nil {
		return
	}
	tag(r, driver.GapTag, it.gap.reason)
	if !it.gap.since.IsZero() {
		tag(r, driver.GapSinceTag, it.gap.since.UTC().Format(time.RFC3339Nano))
	}
	it.gap = nil
}

func tag(r *driver.Reading, name, value string) {
	if r.Tags == nil {
		r.Tags = map[string]string{}
	}
	r.Tags[name] = value
}
