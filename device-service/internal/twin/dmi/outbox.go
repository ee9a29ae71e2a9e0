package dmi

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
)

// maxTwins is how many properties of a device are reported at most.
const maxTwins = 1000

// Counters count reports since the start.
type Counters struct {
	// Queued are the devices with something to report now.
	Queued int `json:"queued"`
	// Sent are calls of edgecore that it took.
	Sent uint64 `json:"sent"`
	// Coalesced are values that a newer one replaced before they went out.
	Coalesced uint64 `json:"coalesced"`
	// Refused are calls beyond edgecore's rate; they are made again.
	Refused uint64 `json:"refused"`
	// Failed are calls that were given up after several tries.
	Failed uint64 `json:"failed"`
	// Dropped are values that twins cannot have, and those beyond the limits.
	Dropped uint64 `json:"dropped"`
}

// outbox holds the last values of devices and who of them has news. A device
// is in one of two queues, or in none.
type outbox struct {
	mu       sync.Mutex
	devices  map[ID]*outgoing
	urgent   []*outgoing
	ordinary []*outgoing
	counters Counters
	news     chan struct{}
}

// outgoing is a device that is reported.
type outgoing struct {
	id       ID
	twins    map[string]*twin
	state    string
	newState bool
	urgent   bool // has the answer to a desired value
	queued   bool
	failures int
}

// twin is a property with its last values.
type twin struct {
	Twin
	at    time.Time
	dirty bool
}

func newOutbox() *outbox {
	return &outbox{devices: map[ID]*outgoing{}, news: make(chan struct{}, 1)}
}

// What edgecore takes as the key and the value of a twin; it refuses others
// without naming the device.
var (
	twinKey   = regexp.MustCompile(`^[a-zA-Z0-9\-_.,:/@#]{1,128}$`)
	twinValue = regexp.MustCompile(`^[a-zA-Z0-9\-_.,:/@#]{0,512}$`)
)

// states are those that edgecore knows; it drops others without a word.
var states = []string{"online", "offline", "ok", "unknown", "unhealthy"}

// report takes values of a device. The error names those that are not taken.
func (o *outbox) report(id ID, twins []Twin, now time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, err := o.device(id)
	if err != nil {
		o.counters.Dropped += uint64(len(twins))
		return err
	}
	var bad []error
	for _, t := range twins {
		if err := o.take(d, t, now); err != nil {
			o.counters.Dropped++
			bad = append(bad, fmt.Errorf("device %s: %w", id, err))
		}
	}
	o.enqueue(d)
	return errors.Join(bad...)
}

// take takes one value over what was there.
func (o *outbox) take(d *outgoing, t Twin, now time.Time) error {
	if !twinKey.MatchString(t.Property) {
		return fmt.Errorf("property %.130q: a twin's name has letters, digits and -_.,:/@# alone, 128 at most", t.Property)
	}
	for _, v := range []string{t.Reported, t.Observed} {
		if !twinValue.MatchString(v) {
			return fmt.Errorf("property %s: %.40q: a twin's value has letters, digits and -_.,:/@# alone, 512 at most", t.Property, v)
		}
	}
	old := d.twins[t.Property]
	if old == nil {
		if len(d.twins) >= maxTwins {
			return fmt.Errorf("property %s: there are %d twins already, which is the limit", t.Property, maxTwins)
		}
		old = &twin{}
		d.twins[t.Property] = old
	}
	if old.dirty {
		o.counters.Coalesced++
	}
	d.urgent = d.urgent || t.Observed != ""
	if t.Reported == "" {
		t.Reported = old.Reported
	}
	if t.Observed == "" {
		t.Observed = old.Observed
	}
	if t.Type == "" {
		t.Type = old.Type
	}
	*old = twin{Twin: t, at: now, dirty: true}
	return nil
}

// setState takes the state of a device.
func (o *outbox) setState(id ID, state string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(states, state) {
		o.counters.Dropped++
		return fmt.Errorf("device %s: unknown state %q: there are %v", id, state, states)
	}
	d, err := o.device(id)
	if err != nil {
		o.counters.Dropped++
		return err
	}
	if d.newState {
		o.counters.Coalesced++
	}
	d.state, d.newState = state, true
	o.enqueue(d)
	return nil
}

func (o *outbox) device(id ID) (*outgoing, error) {
	id, err := idOf("device", id.Namespace, id.Name)
	if err != nil {
		return nil, err
	}
	d := o.devices[id]
	if d == nil {
		if len(o.devices) >= maxDevices {
			return nil, fmt.Errorf("device %s: %d devices are reported already, which is the limit", id, maxDevices)
		}
		d = &outgoing{id: id, twins: map[string]*twin{}}
		o.devices[id] = d
	}
	return d, nil
}

// enqueue puts a device with news into its queue. One that has become urgent
// changes to the other.
func (o *outbox) enqueue(d *outgoing) {
	if !d.hasNews() {
		return
	}
	switch {
	case !d.urgent && !d.queued:
		o.ordinary = append(o.ordinary, d)
	case d.urgent && !slices.Contains(o.urgent, d):
		o.urgent = append(o.urgent, d)
		o.ordinary = slices.DeleteFunc(o.ordinary, func(other *outgoing) bool { return other == d })
	}
	d.queued = true
	signal(o.news)
}

func (d *outgoing) hasNews() bool {
	if d.newState {
		return true
	}
	for _, t := range d.twins {
		if t.dirty {
			return true
		}
	}
	return false
}

// forget drops a device.
func (o *outbox) forget(id ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.devices[id]
	isIt := func(other *outgoing) bool { return other == d }
	o.urgent, o.ordinary = slices.DeleteFunc(o.urgent, isIt), slices.DeleteFunc(o.ordinary, isIt)
	delete(o.devices, id)
}

// again makes all last values news: edgecore may have missed them.
func (o *outbox) again() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range o.devices {
		for _, t := range d.twins {
			t.dirty = true
		}
		d.newState = d.state != ""
		o.enqueue(d)
	}
}

// waiting tells whether there is something to report.
func (o *outbox) waiting() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.urgent)+len(o.ordinary) > 0
}

// twins are the last values of a device.
func (o *outbox) twins(id ID) []*pb.Twin {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.devices[id]
	if d == nil {
		return nil
	}
	return d.messages(func(*twin) bool { return true })
}
