package edgex

import (
	"log/slog"
	"maps"
	"sync"
)

// faults remembers what is wrong with devices and their resources, and logs
// each change once.
type faults struct {
	log *slog.Logger
	mu  sync.Mutex
	now map[string]map[string]string // device, resource ("" for the device), error
	// down are the devices of which the driver says so, and why.
	down   map[string]error
	failed uint64 // values that could not be read
	// changed is told of each device that is in another state; nil: nobody.
	changed func(device string)
}

// The states of a device, as the metric has them.
const (
	stateDown     = 0 // it does not answer
	stateDegraded = 1 // it answers, but not for all resources
	stateUp       = 2
)

func newFaults(log *slog.Logger) *faults {
	return &faults{log: log, now: make(map[string]map[string]string), down: make(map[string]error)}
}

// report takes how a resource of a device is now; nil is well.
func (f *faults) report(device, resource string, err error) {
	f.watched(device, func() { f.note(device, resource, err) })
}

// watched changes something about a device under the lock, and tells if the
// device is in another state then.
func (f *faults) watched(device string, change func()) {
	f.mu.Lock()
	before := f.is(device)
	change()
	other := f.is(device) != before
	f.mu.Unlock()
	if other && f.changed != nil {
		f.changed(device)
	}
}

func (f *faults) note(device, resource string, err error) {
	if err != nil && resource != "" {
		f.failed++
	}
	before, ill := f.now[device][resource]
	if err == nil {
		if ill {
			delete(f.now[device], resource)
			f.log.Info("read again", subject(device, resource)...)
		}
		return
	}
	if ill && before == err.Error() {
		return
	}
	if f.now[device] == nil {
		f.now[device] = make(map[string]string)
	}
	f.now[device][resource] = err.Error()
	f.log.Warn("not read", append(subject(device, resource), "error", err)...)
}

// failures counts the values that could not be read.
func (f *faults) failures() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// turned takes what the driver says of a device; an error is why it is down.
func (f *faults) turned(device string, down error) {
	f.watched(device, func() {
		if down == nil {
			delete(f.down, device)
			return
		}
		f.down[device] = down
	})
}

// state is how a device is now.
func (f *faults) state(device string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.is(device)
}

func (f *faults) is(device string) int64 {
	_, ill := f.now[device][""]
	switch {
	case ill || f.down[device] != nil:
		return stateDown
	case len(f.now[device]) > 0:
		return stateDegraded
	}
	return stateUp
}

// of tells why a device is not read, and why resources of it are not.
func (f *faults) of(device string) (why string, resources map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	resources = maps.Clone(f.now[device])
	why = resources[""]
	delete(resources, "")
	if err := f.down[device]; err != nil {
		why = err.Error()
	}
	return why, resources
}

// forget drops all that is known of a device.
func (f *faults) forget(device string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.now, device)
	delete(f.down, device)
}

func subject(device, resource string) []any {
	if resource == "" {
		return []any{"device", device}
	}
	return []any{"device", device, "resource", resource}
}
