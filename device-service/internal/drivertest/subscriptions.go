package drivertest

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

// Pushing is a driver whose devices push, opposite to a simulator.
type Pushing struct {
	Driver interface {
		driver.Driver
		driver.Subscriber
	}
	// Devices are at least two, reachable on the simulator. Their properties say
	// that they push each change of all their resources.
	Devices []driver.Device
	// Known are at least two resources with the values that the simulator has.
	Known []Known
	// Refused is well formed, but the simulator does not have it.
	Refused driver.Resource
	// Change gives the first known resource another value, and tells which.
	Change func() (value any)
	// Stop cuts all connections and refuses new ones; Start takes them again.
	Stop, Start func()
}

// Subscriptions runs the cases of a driver.Subscriber, each on a fresh bench.
func Subscriptions(t *testing.T, fresh func(t *testing.T) *Pushing) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *Pushing)
	}{
		{"first values", firstValues},
		{"changes once and in order", changesOnce},
		{"slow receiver", slowReceiver},
		{"receiver is replaced", receiverReplaced},
		{"end and again", endAndAgain},
		{"changed device", changedDevice},
		{"no device", noDevice},
		{"peer away and back", peerAwayAndBack},
		{"removed while it pushes", removedWhilePushing},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := fresh(t)
			t.Cleanup(func() { _ = b.Driver.Close() })
			c.run(t, b)
		})
	}
}

// pushes keeps what was pushed, by resource.
type pushes struct {
	mu   sync.Mutex
	all  map[string][]driver.Reading
	work time.Duration // that one push takes
}

func (p *pushes) push(readings []driver.Reading) {
	time.Sleep(p.work)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string][]driver.Reading{}
	}
	for _, r := range readings {
		p.all[r.Resource] = append(p.all[r.Resource], r)
	}
}

func (p *pushes) of(resource string) []driver.Reading {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all[resource])
}

func (b *Pushing) resources() []driver.Resource {
	var out []driver.Resource
	for _, k := range b.Known {
		out = append(out, k.Resource)
	}
	return append(out, b.Refused)
}

func (b *Pushing) first() string { return b.Known[0].Resource.Name }

func (b *Pushing) start(t *testing.T, p *pushes) {
	t.Helper()
	b.add(t)
	if err := b.Driver.Subscribe(b.Devices[0].Name, p.push); err != nil {
		t.Fatal(err)
	}
	b.await(t, p, b.Known[0].Value)
}

func (b *Pushing) add(t *testing.T) {
	t.Helper()
	if err := b.Driver.Add(b.Devices[0], b.resources()); err != nil {
		t.Fatal(err)
	}
}

// await waits until the first resource has a value.
func (b *Pushing) await(t *testing.T, p *pushes, value any) {
	t.Helper()
	var last any
	eventually(t, "value", func() bool {
		if all := p.of(b.first()); len(all) > 0 {
			last = all[len(all)-1].Value
		}
		return reflect.DeepEqual(last, value)
	}, func() any { return last })
}

func firstValues(t *testing.T, b *Pushing) {
	p := &pushes{}
	b.start(t, p)
	for _, k := range b.Known {
		eventually(t, "value of "+k.Resource.Name, func() bool { return len(p.of(k.Resource.Name)) > 0 }, func() any { return nil })
		checkReading(t, p.of(k.Resource.Name)[0], k)
	}
	eventually(t, "refusal", func() bool { return len(p.of(b.Refused.Name)) > 0 }, func() any { return nil })
	if all := p.of(b.Refused.Name); len(all) != 1 || all[0].Err == nil {
		t.Errorf("refused resource: %+v", all)
	}
}

func changesOnce(t *testing.T, b *Pushing) {
	p := &pushes{}
	b.start(t, p)
	b.checkChanges(t, p, 20)
}

// checkChanges makes changes and finds each of them once and in order.
func (b *Pushing) checkChanges(t *testing.T, p *pushes, n int) {
	t.Helper()
	before := len(p.of(b.first()))
	var want, got []any
	for range n {
		want = append(want, b.Change())
	}
	b.await(t, p, want[n-1])
	for _, r := range p.of(b.first())[before:] {
		got = append(got, r.Value)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("changes %v, want %v", got, want)
	}
}

func slowReceiver(t *testing.T, b *Pushing) {
	p := &pushes{work: 50 * time.Millisecond}
	b.start(t, p)
	b.checkChanges(t, p, 20)
}

func receiverReplaced(t *testing.T, b *Pushing) {
	before, now := &pushes{}, &pushes{}
	b.start(t, before)
	if err := b.Driver.Subscribe(b.Devices[0].Name, now.push); err != nil {
		t.Fatal(err)
	}
	seen := len(before.of(b.first()))
	b.checkChanges(t, now, 5)
	if got := len(before.of(b.first())); got != seen {
		t.Errorf("%d pushes to one that was replaced", got-seen)
	}
}

func endAndAgain(t *testing.T, b *Pushing) {
	p, again := &pushes{}, &pushes{}
	b.start(t, p)
	b.Driver.Unsubscribe(b.Devices[0].Name)
	seen := len(p.of(b.first()))
	value := b.Change()
	if err := b.Driver.Subscribe(b.Devices[0].Name, again.push); err != nil {
		t.Fatal(err)
	}
	b.await(t, again, value)
	b.checkChanges(t, again, 5)
	if got := len(p.of(b.first())); got != seen {
		t.Errorf("%d pushes after the end", got-seen)
	}
}

func changedDevice(t *testing.T, b *Pushing) {
	p := &pushes{}
	b.start(t, p)
	b.add(t) // nothing new: nothing is told again
	b.checkChanges(t, p, 5)
	if err := b.Driver.Add(b.Devices[0], b.resources()[:1]); err != nil {
		t.Fatal(err)
	}
	b.await(t, p, b.Change())
	b.checkChanges(t, p, 5)
}

func noDevice(t *testing.T, b *Pushing) {
	if err := b.Driver.Subscribe("nobody", func([]driver.Reading) {}); !errors.Is(err, driver.ErrUnknownDevice) {
		t.Errorf("subscribe nobody: %v", err)
	}
	b.Driver.Unsubscribe("nobody")
	b.add(t)
	if err := b.Driver.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Driver.Subscribe(b.Devices[0].Name, func([]driver.Reading) {}); !errors.Is(err, driver.ErrClosed) {
		t.Errorf("subscribe after close: %v", err)
	}
}

// peerAwayAndBack: what was missed is told, or that something was missed.
func peerAwayAndBack(t *testing.T, b *Pushing) {
	p := &pushes{}
	b.start(t, p)
	for range 3 {
		seen := len(p.of(b.first()))
		b.Stop()
		want := []any{b.Change(), b.Change()}
		b.Start()
		b.await(t, p, want[1])
		var got []any
		gap := false
		for _, r := range p.of(b.first())[seen:] {
			got = append(got, r.Value)
			gap = gap || r.Tags[driver.GapTag] != ""
		}
		if !gap && !reflect.DeepEqual(got, want) {
			t.Errorf("changes %v without a gap, want %v", got, want)
		}
	}
	b.checkChanges(t, p, 5)
}

func removedWhilePushing(t *testing.T, b *Pushing) {
	blocked, goOn := make(chan bool, 1), make(chan bool)
	b.add(t)
	if err := b.Driver.Subscribe(b.Devices[0].Name, func([]driver.Reading) {
		select {
		case blocked <- true:
		default:
		}
		<-goOn
	}); err != nil {
		t.Fatal(err)
	}
	<-blocked
	promptly(t, "remove", func() { b.Driver.Remove(b.Devices[0].Name) })
	close(goOn)
	p := &pushes{}
	if err := b.Driver.Add(b.Devices[1], b.resources()); err != nil {
		t.Fatal(err)
	}
	if err := b.Driver.Subscribe(b.Devices[1].Name, p.push); err != nil {
		t.Fatal(err)
	}
	eventually(t, "value of another device", func() bool { return len(p.of(b.first())) > 0 }, func() any { return nil })
}
