package twin

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Options are what a Bridge works with.
type Options struct {
	// Interval is how often all is reported again.
	Interval time.Duration
	// Spacing lies at least between two reports of a device.
	Spacing time.Duration
	// Series publishes each reading as a time series, too.
	Series bool
	// Set carries out what a command would that sets a property, and returns the
	// value that the property has then.
	Set func(ctx context.Context, device, property, value string) (Reading, error)
	Log *slog.Logger
}

// Bridge reports for devices and sets what the cloud wants of them.
type Bridge struct {
	options   Options
	log       *slog.Logger
	transport Transport
	ctx       context.Context
	cancel    context.CancelFunc
	work      sync.WaitGroup

	mu       sync.Mutex
	devices  map[string]*device
	away     bool      // there is no connection: Renew tells of the next
	silent   bool      // edgecore has not answered
	answered time.Time // the last time that it has
	counts   Counts

	renewals uint64 // how often there was a new connection
}

// New returns a Bridge with the transport that connect makes for it.
func New(o Options, connect func(Twins) Transport) *Bridge {
	b := &Bridge{options: o, log: o.Log, devices: map[string]*device{}}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.transport = connect(b)
	b.work.Go(b.repeat)
	return b
}

// Add makes a device one with a twin, or replaces the one of its name. What is
// known of its values stays if it is the same device of KubeEdge.
func (b *Bridge) Add(d Device) {
	b.mu.Lock()
	old := b.devices[d.Name]
	switch {
	case old == nil:
		b.devices[d.Name] = newDevice(d)
	case old.ID == d.ID:
		old.Device = d
		old.narrow()
		b.mu.Unlock()
		return
	default:
		old.stop()
		b.devices[d.Name] = newDevice(d)
	}
	b.mu.Unlock()
	if old != nil {
		b.transport.Forget(old.Device)
	}
	b.transport.Watch(d)
}

// Remove forgets a device.
func (b *Bridge) Remove(name string) {
	b.mu.Lock()
	d := b.devices[name]
	delete(b.devices, name)
	if d != nil {
		d.stop()
	}
	b.mu.Unlock()
	if d != nil {
		b.transport.Forget(d.Device)
	}
}

// Close ends the bridge and its transport.
func (b *Bridge) Close() {
	b.cancel()
	b.mu.Lock()
	for _, d := range b.devices {
		d.stop()
	}
	b.mu.Unlock()
	b.transport.Close()
	b.work.Wait()
}

// repeat reports everything again at each interval: nobody tells when the
// cloud was away, and edgecore keeps nothing for it.
func (b *Bridge) repeat() {
	tick := time.NewTicker(b.options.Interval)
	defer tick.Stop()
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-tick.C:
			b.again(func(d *device) { d.unknown = false })
		}
	}
}

// again has all devices reported anew.
func (b *Bridge) again(prepare func(*device)) {
	b.mu.Lock()
	all := b.mark(prepare)
	b.mu.Unlock()
	b.send(all)
}

// mark makes everything due. The lock is held.
func (b *Bridge) mark(prepare func(*device)) []*device {
	all := make([]*device, 0, len(b.devices))
	for _, d := range b.devices {
		prepare(d)
		d.markAll()
		all = append(all, d)
	}
	return all
}

func (b *Bridge) send(all []*device) {
	for _, d := range all {
		b.tell(d)
		b.flush(d)
	}
}

// Renew is told when the twins of all devices may be out of date.
func (b *Bridge) Renew() {
	b.mu.Lock()
	b.away = false
	b.renewals++
	all := b.mark((*device).renew)
	b.mu.Unlock()
	b.send(all)
}

// Known is told of a device that edgecore has.
func (b *Bridge) Known(name string) {
	b.mu.Lock()
	d := b.devices[name]
	known := d == nil || !d.unknown
	b.mu.Unlock()
	if !known {
		b.Added(name)
	}
}

// Added is told of a device that edgecore has got just now.
func (b *Bridge) Added(name string) {
	b.mu.Lock()
	d := b.devices[name]
	if d != nil {
		d.renew()
		d.markAll()
	}
	b.mu.Unlock()
	if d != nil {
		b.tell(d)
		b.flush(d)
	}
}

// Unnamed is told of a refusal that names no device: edgecore answers so to a
// name or a text with characters that it does not take, whoever sent it.
func (b *Bridge) Unnamed(r *Refusal) {
	b.mu.Lock()
	b.counts.Refused++
	first := b.counts.Unnamed == 0
	b.counts.Unnamed++
	b.mu.Unlock()
	if first {
		b.log.Warn("edgecore refuses the report of somebody without naming the device; later ones are only counted", "error", r)
	}
}

// State takes how a device is.
func (b *Bridge) State(name string, s State) {
	b.mu.Lock()
	d := b.devices[name]
	if d == nil || d.state == s {
		b.mu.Unlock()
		return
	}
	d.state = s
	d.markAll() // the cloud shows a state only with the next values
	b.mu.Unlock()
	b.tell(d)
	b.flush(d)
}

// tell sends the state of a device, if there is one.
func (b *Bridge) tell(d *device) {
	b.mu.Lock()
	s, of := d.state, d.Device
	skip := s == "" || d.unknown || b.away
	b.mu.Unlock()
	if !skip {
		b.transport.State(of, s)
	}
}
