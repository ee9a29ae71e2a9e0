package edgex

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/device-service/internal/driver"
)

// fakeDriver is a driver in memory: values by resource name, set by writes.
type fakeDriver struct {
	mu      sync.Mutex
	values  map[string]any
	devices map[string][]driver.Resource
	adds    map[string]int
	reads   map[string]int // reads by device
	fail    map[string]error
	asked   []driver.Resource // the resources of the latest read
	closed  bool
}

func newFakeDriver() *fakeDriver {
	return &fakeDriver{
		values:  make(map[string]any),
		devices: make(map[string][]driver.Resource),
		adds:    make(map[string]int),
		reads:   make(map[string]int),
		fail:    make(map[string]error),
	}
}

func (f *fakeDriver) Validate(d driver.Device, resources []driver.Resource) error {
	var findings []error
	if _, found := d.Protocols["fake"]["Address"]; !found {
		findings = append(findings, &driver.AttributeError{Attribute: "Address", Err: errors.New("is missing")})
	}
	for _, r := range resources {
		if v, found := r.Attributes["register"]; found && v == "bad" {
			findings = append(findings, &driver.AttributeError{Resource: r.Name, Attribute: "register", Err: errors.New(`"bad" is not a number`)})
		}
	}
	return errors.Join(findings...)
}

func (f *fakeDriver) Add(d driver.Device, resources []driver.Resource) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.devices[d.Name] = resources
	f.adds[d.Name]++
	return nil
}

func (f *fakeDriver) Remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.devices, name)
}

func (f *fakeDriver) Read(_ context.Context, name string, resources []driver.Resource) ([]driver.Reading, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.devices[name]; !known {
		return nil, fmt.Errorf("device %q: %w", name, driver.ErrUnknownDevice)
	}
	f.reads[name]++
	f.asked = resources
	if err := f.fail[name]; err != nil {
		return nil, err
	}
	out := make([]driver.Reading, len(resources))
	for i, r := range resources {
		out[i] = driver.Reading{Resource: r.Name, Time: time.Now()}
		if err := f.fail[r.Name]; err != nil {
			out[i].Err = err
			continue
		}
		out[i].Value = f.values[r.Name]
	}
	return out, nil
}

func (f *fakeDriver) Write(_ context.Context, name string, writes []driver.Write) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.fail[name]; err != nil {
		return err
	}
	for _, w := range writes {
		f.values[w.Resource.Name] = w.Value
	}
	return nil
}

func (f *fakeDriver) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func (f *fakeDriver) set(resource string, value any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[resource] = value
}

func (f *fakeDriver) get(resource string) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.values[resource]
}

// break makes reads of a device or a resource fail; nil mends it.
func (f *fakeDriver) breakDown(name string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail[name] = err
}

func (f *fakeDriver) known() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.devices))
}

func (f *fakeDriver) addsOf(device string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.adds[device]
}
