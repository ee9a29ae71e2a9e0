package edgex

import (
	"sync"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// autoDown sets devices DOWN in core-metadata that have not answered for a
// while, and UP when they answer again: then commands are refused at once, and
// operators see what is the matter. With it the operating state is the
// service's to set; without it, the default, nobody touches it.
type autoDown struct {
	after  time.Duration // 0: off
	set    func(device string, state models.OperatingState) error
	failed func(device string, state models.OperatingState, err error)

	mu     sync.Mutex
	timers map[string]*time.Timer
	down   map[string]bool // set by us
	untold map[string]bool // core-metadata has not taken their last state
}

func newAutoDown(after time.Duration, set func(string, models.OperatingState) error, failed func(string, models.OperatingState, error)) *autoDown {
	return &autoDown{after: after, set: set, failed: failed, timers: map[string]*time.Timer{}, down: map[string]bool{}, untold: map[string]bool{}}
}

// found notes a device that is DOWN when the service starts.
func (a *autoDown) found(device string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down[device] = a.after > 0
}

// turned takes how a device is now.
func (a *autoDown) turned(device string, up bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.after == 0 {
		return
	}
	if t := a.timers[device]; t != nil {
		t.Stop()
		delete(a.timers, device)
	}
	switch {
	case up && a.down[device]:
		delete(a.down, device)
		go a.tell(device, models.Up) // whoever tells of the change must not wait
	case !up && !a.down[device]:
		a.timers[device] = time.AfterFunc(a.after, func() { a.late(device) })
	}
}

func (a *autoDown) late(device string) {
	a.mu.Lock()
	_, waits := a.timers[device]
	if waits {
		delete(a.timers, device)
		a.down[device] = true
	}
	a.mu.Unlock()
	if waits {
		a.tell(device, models.Down)
	}
}

func (a *autoDown) tell(device string, state models.OperatingState) {
	if err := a.try(device, state); err != nil {
		a.failed(device, state, err)
	}
}

// try sets a state, and remembers whether that is owed.
func (a *autoDown) try(device string, state models.OperatingState) error {
	err := a.set(device, state)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.untold[device] = true
		return err
	}
	delete(a.untold, device)
	return nil
}

// owed is the state that core-metadata is to have instead of the one that it
// has: it was not told of it, by this process or by the one that left the
// device as it is known here.
func (a *autoDown) owed(device string, known, there models.OperatingState) (models.OperatingState, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var state models.OperatingState = models.Up
	if a.down[device] {
		state = models.Down
	}
	return state, a.after > 0 && state != there && (a.untold[device] || state == known)
}

// forget drops a device that was removed.
func (a *autoDown) forget(device string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t := a.timers[device]; t != nil {
		t.Stop()
	}
	delete(a.timers, device)
	delete(a.down, device)
	delete(a.untold, device)
}

// close ends all timers.
func (a *autoDown) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.timers {
		t.Stop()
	}
	a.timers = map[string]*time.Timer{}
}
