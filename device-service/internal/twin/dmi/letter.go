package dmi

import (
	"maps"
	"slices"
	"strconv"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
)

// letter is one call: the twins of a device, or its state.
type letter struct {
	to     *outgoing
	twins  []string // of which it tells
	state  bool
	urgent bool
	call   *pb.ReportDeviceStatusRequest
	word   *pb.ReportDeviceStatesRequest
}

// next takes the next call out, nil if there is none. Twins go before the
// state of their device, which then waits for its turn again.
func (o *outbox) next() *letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	queue := &o.urgent
	if len(*queue) == 0 {
		queue = &o.ordinary
	}
	if len(*queue) == 0 {
		return nil
	}
	d := (*queue)[0]
	*queue = slices.Delete(*queue, 0, 1)
	d.queued = false
	defer o.enqueue(d) // with what is left
	l := &letter{to: d, urgent: d.urgent}
	d.urgent = false
	list := d.messages(func(t *twin) bool { return t.dirty })
	if list == nil {
		d.newState, l.state = false, true
		l.word = &pb.ReportDeviceStatesRequest{DeviceName: d.id.Name, DeviceNamespace: d.id.Namespace, State: d.state}
		return l
	}
	for _, t := range list {
		l.twins = append(l.twins, t.GetPropertyName())
		d.twins[t.GetPropertyName()].dirty = false
	}
	l.call = &pb.ReportDeviceStatusRequest{
		DeviceName: d.id.Name, DeviceNamespace: d.id.Namespace, ReportedDevice: &pb.DeviceStatus{Twins: list},
	}
	return l
}

// messages are twins as edgecore takes them. Both values must be there: it
// ends with a nil pointer otherwise.
func (d *outgoing) messages(which func(*twin) bool) []*pb.Twin {
	var list []*pb.Twin
	for _, name := range slices.Sorted(maps.Keys(d.twins)) {
		if t := d.twins[name]; which(t) {
			list = append(list, &pb.Twin{
				PropertyName:    name,
				Reported:        &pb.TwinProperty{Value: t.Reported, Metadata: t.metadata()},
				ObservedDesired: &pb.TwinProperty{Value: t.Observed, Metadata: t.metadata()},
			})
		}
	}
	return list
}

// metadata stands beside the values. edgecore drops it, type included: a twin
// that is first reported this way stays a string.
func (t *twin) metadata() map[string]string {
	m := map[string]string{"timestamp": strconv.FormatInt(t.at.UnixMilli(), 10)}
	if t.Type != "" {
		m["type"] = t.Type
	}
	return m
}

// back puts a call that was not taken back: what is newer by now stays.
func (o *outbox) back(l *letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := l.to
	if o.devices[d.id] != d { // it is gone meanwhile
		return
	}
	for _, name := range l.twins {
		d.twins[name].dirty = true
	}
	d.newState = d.newState || l.state
	d.urgent = d.urgent || l.urgent
	o.enqueue(d)
}

// sent notes a call that edgecore took.
func (o *outbox) sent(l *letter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counters.Sent++
	l.to.failures = 0
}

// refused puts a call back that was one too many.
func (o *outbox) refused(l *letter) {
	o.mu.Lock()
	o.counters.Refused++
	o.mu.Unlock()
	o.back(l)
}

// failed puts a call back that edgecore could not take, and counts the tries.
func (o *outbox) failed(l *letter) int {
	o.mu.Lock()
	l.to.failures++
	tries := l.to.failures
	o.mu.Unlock()
	if tries < maxTries {
		o.back(l)
	}
	return tries
}

// giveUp counts a call that is not made again. It tells whether it is the
// first of all.
func (o *outbox) giveUp(l *letter) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	l.to.failures = 0
	o.counters.Failed++
	return o.counters.Failed == 1
}
