package drivertest

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

const (
	// prompt is how long a call may take that must not wait for the peer; it
	// leaves room for a loaded machine.
	prompt = 10 * time.Second
	// patience is how long a case waits for what must happen in the end.
	patience = time.Minute
)

// device is the one that most cases use.
func (b *Bench) device() driver.Device { return b.Devices[0] }

// resources are those with known values.
func (b *Bench) resources() []driver.Resource {
	list := make([]driver.Resource, len(b.Known))
	for i, k := range b.Known {
		list[i] = k.Resource
	}
	return list
}

// all are the resources that a device is added with.
func (b *Bench) all() []driver.Resource {
	list := append(b.resources(), b.Refused, b.ReadOnly.Resource)
	for _, w := range b.Writes {
		list = append(list, w.Resource)
	}
	return list
}

func (b *Bench) add(t *testing.T, devices ...driver.Device) {
	t.Helper()
	for _, d := range devices {
		if err := b.Driver.Add(d, b.all()); err != nil {
			t.Fatalf("add %q: %v", d.Name, err)
		}
	}
}

// read reads the known resources.
func (b *Bench) read(d driver.Device) ([]driver.Reading, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return b.Driver.Read(ctx, d.Name, b.resources())
}

// readGood reads until the peer answers, and checks the values.
func (b *Bench) readGood(t *testing.T, d driver.Device) {
	t.Helper()
	var readings []driver.Reading
	var err error
	eventually(t, "a good reading", func() bool {
		readings, err = b.read(d)
		return err == nil && !slices.ContainsFunc(readings, func(r driver.Reading) bool { return r.Err != nil })
	}, func() any { return err })
	b.check(t, readings)
}

// check compares readings of the known resources with their values.
func (b *Bench) check(t *testing.T, readings []driver.Reading) {
	t.Helper()
	if len(readings) != len(b.Known) {
		t.Errorf("%d readings, want %d", len(readings), len(b.Known))
		return
	}
	for i, k := range b.Known {
		checkReading(t, readings[i], k)
	}
}

func checkReading(t *testing.T, r driver.Reading, want Known) {
	t.Helper()
	if r.Resource != want.Resource.Name {
		t.Errorf("reading of %q where %q belongs", r.Resource, want.Resource.Name)
		return
	}
	if r.Err != nil {
		t.Errorf("%s: %v", r.Resource, r.Err)
		return
	}
	if !reflect.DeepEqual(r.Value, want.Value) {
		t.Errorf("%s = %T %v, want %T %v", r.Resource, r.Value, r.Value, want.Value, want.Value)
	}
	if r.Time.IsZero() || time.Until(r.Time) > time.Second {
		t.Errorf("%s has time %v", r.Resource, r.Time)
	}
}

// eventually polls a condition; last tells what was seen when it did not hold.
func eventually(t *testing.T, what string, condition func() bool, last func() any) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("no %s after %v; last: %v", what, patience, last())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// promptly fails when f takes as long as something that waits for the peer.
func promptly(t *testing.T, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > prompt {
		t.Errorf("%s took %v", what, took)
	}
}

// states records the changes of one device.
type states struct {
	mu   sync.Mutex
	seen []bool
}

// watch begins to record. It skips the case for a driver without states.
func (b *Bench) watch(t *testing.T) *states {
	t.Helper()
	d, ok := b.Driver.(driver.States)
	if !ok {
		t.Skip("the driver does not tell states")
	}
	s := &states{}
	name := b.device().Name
	d.OnState(func(device string, state driver.State) {
		if device != name {
			return
		}
		if state.Up != (state.Err == nil) {
			t.Errorf("state up=%v with error %v", state.Up, state.Err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, state.Up)
	})
	return s
}

func (s *states) list() []bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// await waits for the last state, while do is called again and again.
func (s *states) await(t *testing.T, up bool, do func()) {
	t.Helper()
	eventually(t, map[bool]string{true: "state up", false: "state down"}[up], func() bool {
		do()
		seen := s.list()
		return len(seen) > 0 && seen[len(seen)-1] == up
	}, func() any { return s.list() })
}

// want compares all changes so far.
func (s *states) want(t *testing.T, ups ...bool) {
	t.Helper()
	if seen := s.list(); !slices.Equal(seen, ups) {
		t.Errorf("states (up) %v, want %v", seen, ups)
	}
}
