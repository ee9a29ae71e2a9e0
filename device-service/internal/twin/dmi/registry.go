package dmi

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"google.golang.org/protobuf/proto"
)

// registry holds what edgecore wants and what the handler has done of it.
type registry struct {
	handler  Handler
	protocol string
	log      *slog.Logger
	forget   func(ID) // of a device that is gone

	mu      sync.Mutex
	devices map[ID]*entry
	models  map[ID]*pb.DeviceModel
	calls   uint64        // of edgecore, counted
	refused map[ID]string // why what was sent last is not taken
	gone    map[ID]bool   // devices removed while a list was on its way
	todo    []*entry      // have no worker yet
	ready   chan struct{} // tells that there is something to do
	held    chan struct{} // tells that a device waits for its model
	slots   chan struct{} // one for each call of the handler at a time
}

// atOnce is how many devices the handler is called for at a time.
const atOnce = 8

func newRegistry(handler Handler, protocol string, log *slog.Logger, forget func(ID)) *registry {
	return &registry{
		handler: handler, protocol: protocol, log: log, forget: forget,
		devices: map[ID]*entry{}, models: map[ID]*pb.DeviceModel{}, refused: map[ID]string{}, gone: map[ID]bool{},
		ready: make(chan struct{}, 1), held: make(chan struct{}, 1), slots: make(chan struct{}, atOnce),
	}
}

// entry is a device. Its worker runs while wanted and applied differ.
type entry struct {
	id      ID
	sent    *pb.Device // as edgecore has it, nil when it has been removed
	call    uint64     // that brought it
	wanted  *version   // nil: not to be there
	applied *version
	remove  bool    // the handler is to remove it
	held    bool    // waits for its model
	failed  failure // of the last step

	working bool
	wake    chan struct{} // tells the worker that something else is wanted
	settled chan struct{} // closed when the worker has done or failed a step
}

// failure is what the handler could not do, and why.
type failure struct{ step, reason string }

// version is a device that can be applied.
type version struct {
	device     Device
	definition string // without desired values
}

// modelOf is the id of a device's model.
func modelOf(d *pb.Device, id ID) ID {
	return ID{id.Namespace, d.GetSpec().GetDeviceModelReference()}
}

// putModel takes a model and what it makes possible or changes. The error is
// that of devices which cannot have the model as it is now.
func (r *registry) putModel(m *pb.DeviceModel) error {
	id, err := idOf("device model", m.GetNamespace(), m.GetName())
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.takeModel(id, m)
}

func (r *registry) takeModel(id ID, m *pb.DeviceModel) error {
	if r.models[id] == nil && len(r.models) >= maxDevices {
		return fmt.Errorf("device model %s: there are %d already, which is the limit", id, maxDevices)
	}
	m = proto.CloneOf(m)
	m.Namespace = id.Namespace
	if proto.Equal(r.models[id], m) { // lists have it once for each device
		return nil
	}
	r.models[id] = m
	var bad error
	for _, e := range r.devices {
		if e.sent == nil || modelOf(e.sent, e.id) != id {
			continue
		}
		if err := r.renew(e); err != nil {
			bad = err
		}
	}
	return bad
}

// dropModel forgets a model. Its devices stay: edgecore removes them by name.
func (r *registry) dropModel(namespace, name string) error {
	id, err := idOf("device model", namespace, name)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.models, id)
	return nil
}

// putDevice takes a device and waits until the handler knows it, or ctx ends.
func (r *registry) putDevice(ctx context.Context, d *pb.Device) (ID, error) {
	r.mu.Lock()
	r.calls++
	e, err := r.takeDevice(d)
	r.mu.Unlock()
	if err != nil {
		return ID{}, err
	}
	return e.id, r.await(ctx, e)
}

// refuse notes why a device stays as it is, or away, and logs it once.
func (r *registry) refuse(id ID, reason error) error {
	reason = fmt.Errorf("device %s: %w", id, reason)
	if r.refused[id] != reason.Error() {
		r.log.Warn("device of edgecore is refused", "err", reason)
	}
	if _, known := r.refused[id]; known || len(r.refused) < maxDevices {
		r.refused[id] = reason.Error()
	}
	return reason
}

// takeDevice makes a device wanted.
func (r *registry) takeDevice(d *pb.Device) (*entry, error) {
	id, err := idOf("device", d.GetNamespace(), d.GetName())
	if err != nil {
		return nil, err
	}
	if err := checkDevice(d, r.protocol); err != nil {
		return nil, r.refuse(id, err)
	}
	e := r.devices[id]
	if e == nil {
		if err := r.room(id); err != nil {
			return nil, r.refuse(id, err)
		}
		e = &entry{id: id, wake: make(chan struct{}, 1), settled: make(chan struct{})}
		r.devices[id] = e
	}
	e.sent = proto.CloneOf(d)
	e.sent.Namespace = id.Namespace
	e.call = r.calls
	return e, r.renew(e)
}

// room tells why a new device has no place. Names alone are those of EdgeX's
// devices, so they cannot be there twice.
func (r *registry) room(id ID) error {
	if len(r.devices) >= maxDevices {
		return fmt.Errorf("there are %d already, which is the limit", maxDevices)
	}
	for other := range r.devices {
		if other.Name == id.Name {
			return fmt.Errorf("its name is that of %s too: rename one of them", other)
		}
	}
	return nil
}

// renew makes a version of what was sent and gives it to a worker.
func (r *registry) renew(e *entry) error {
	model := r.models[modelOf(e.sent, e.id)]
	e.held = model == nil
	if e.held {
		delete(r.refused, e.id)
		signal(r.held)
		return nil
	}
	v, err := newVersion(e.id, e.sent, model)
	if err != nil {
		return r.refuse(e.id, err)
	}
	delete(r.refused, e.id)
	e.wanted, e.remove = v, false
	r.start(e)
	return nil
}

// newVersion converts a device.
func newVersion(id ID, d *pb.Device, m *pb.DeviceModel) (*version, error) {
	set, err := setOf(d, m)
	if err != nil {
		return nil, err
	}
	v := &version{device: Device{ID: id, Set: set}}
	defined := proto.CloneOf(d)
	if s := defined.GetStatus(); s != nil {
		s.Twins = nil
	}
	for _, p := range defined.GetSpec().GetProperties() {
		if t := p.GetDesired(); t.GetValue() != "" {
			v.device.Desired = append(v.device.Desired, Desired{p.GetName(), t.GetValue(), t.GetMetadata()})
		}
		if p != nil {
			p.Desired = nil
		}
	}
	exact := proto.MarshalOptions{Deterministic: true}
	for _, part := range []proto.Message{defined, m} {
		text, err := exact.Marshal(part)
		if err != nil {
			return nil, err
		}
		v.definition += string(text) + "\x00"
	}
	return v, nil
}

// news are the desired values that were others before.
func (v *version) news(before *version) []Desired {
	old := map[string]Desired{}
	if before != nil {
		for _, d := range before.device.Desired {
			old[d.Property] = d
		}
	}
	var news []Desired
	for _, d := range v.device.Desired {
		if o, ok := old[d.Property]; !ok || o.Value != d.Value || !maps.Equal(o.Metadata, d.Metadata) {
			news = append(news, d)
		}
	}
	return news
}

// dropDevice takes a device away. One that is not known is the handler's to
// remove too: it may have it from an earlier run.
func (r *registry) dropDevice(ctx context.Context, namespace, name string) error {
	id, err := idOf("device", namespace, name)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.calls++
	r.gone[id] = true
	delete(r.refused, id)
	e := r.devices[id]
	if e == nil {
		e = &entry{id: id, wake: make(chan struct{}, 1), settled: make(chan struct{})}
		r.devices[id] = e
	}
	e.sent, e.wanted, e.held, e.remove = nil, nil, false, true
	e.call = r.calls
	r.start(e)
	r.mu.Unlock()
	return r.await(ctx, e)
}

// device is what edgecore sent last.
func (r *registry) device(namespace, name string) (*pb.Device, error) {
	id, err := idOf("device", namespace, name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.devices[id]
	if e == nil || e.sent == nil {
		return nil, fmt.Errorf("device %s: is not known", id)
	}
	return proto.CloneOf(e.sent), nil
}

// listing tells that a list is on its way from edgecore. What edgecore calls
// for meanwhile is newer than the list.
func (r *registry) listing() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.gone)
	return r.calls
}

// putList takes the devices that edgecore has. It waits for nothing, and one
// that is refused is refused alone.
func (r *registry) putList(since uint64, models []*pb.DeviceModel, devices []*pb.Device) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range models {
		id, err := idOf("device model", m.GetNamespace(), m.GetName())
		if err == nil {
			err = r.takeModel(id, m)
		}
		if err != nil {
			r.log.Warn("device model of edgecore is refused", "err", err)
		}
	}
	for _, d := range devices {
		id, err := idOf("device", d.GetNamespace(), d.GetName())
		if e := r.devices[id]; r.gone[id] || e != nil && e.call > since {
			continue
		}
		if err != nil {
			r.log.Warn("device of edgecore is refused", "err", err)
			continue
		}
		_, _ = r.takeDevice(d) // has logged what it refuses
	}
}

// waiting tells whether a device waits for its model.
func (r *registry) waiting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.devices {
		if e.held {
			return true
		}
	}
	return false
}

// signal puts a token into a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
