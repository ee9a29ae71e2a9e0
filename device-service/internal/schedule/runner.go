package schedule

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sluice/device-service/internal/driver"
)

// runner is the goroutine of one device.
type runner struct {
	s      *Scheduler
	device string
	events []*event
	before <-chan struct{} // closed when the runner that this one replaces has ended
	done   chan struct{}
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex // held while a result is emitted
	stopped bool
}

// event is an Event with the state of its schedule.
type event struct {
	Event
	due     time.Time
	missed  uint64
	changes changes
}

func newRunner(s *Scheduler, device string, events []Event, before <-chan struct{}) *runner {
	r := &runner{s: s, device: device, before: before, done: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	start := time.Now() // one start for all, so that multiples of an interval fall together
	for _, e := range events {
		r.events = append(r.events, &event{Event: e, due: start.Add(e.Interval)})
	}
	return r
}

// stop returns when nothing more will be emitted; a read may still be under way.
func (r *runner) stop() {
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.cancel()
}

func (r *runner) run() {
	defer close(r.done)
	defer r.cancel()
	if r.before != nil {
		<-r.before // two reads of one device never overlap
	}
	timer := time.NewTimer(time.Until(r.next()))
	defer timer.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-timer.C:
		}
		r.tick()
		timer.Reset(time.Until(r.next()))
	}
}

// next is the earliest tick of all events.
func (r *runner) next() time.Time {
	next := r.events[0].due
	for _, e := range r.events[1:] {
		if e.due.Before(next) {
			next = e.due
		}
	}
	return next
}

// tick reads what is due at once and emits a result for each event.
func (r *runner) tick() {
	now := time.Now()
	due := make([]*event, 0, len(r.events))
	for _, e := range r.events {
		if !e.due.After(now) {
			due = append(due, e)
		}
	}
	resources, picks := merge(due)
	readings, err := r.s.reader.Read(r.ctx, r.device, resources)
	if err == nil && len(readings) != len(resources) {
		err = fmt.Errorf("driver gave %d readings for %d resources", len(readings), len(resources))
	}
	after := time.Now()
	for i, e := range due {
		res := Result{Due: e.due, Err: err, Missed: e.missed}
		if err == nil {
			res.Readings = pick(readings, picks[i])
		}
		r.emit(e, res)
		e.missed = e.advance(after)
		r.s.missed.Add(e.missed)
	}
}

func (r *runner) emit(e *event, res Result) {
	if res.Err == nil && e.Convert != nil {
		res.Readings = e.Convert(res.Readings)
	}
	if res.Err == nil && e.OnChange && !e.changes.update(res.Readings) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stopped {
		e.Emit(res)
	}
}

// advance moves the event to its next tick after now and tells how many ticks
// were skipped for that.
func (e *event) advance(now time.Time) uint64 {
	e.due = e.due.Add(e.Interval)
	if e.due.After(now) {
		return 0
	}
	skipped := now.Sub(e.due)/e.Interval + 1
	e.due = e.due.Add(skipped * e.Interval)
	return uint64(skipped)
}

// merge returns the union of the events' resources, and for each event where
// in the union its resources are.
func merge(due []*event) ([]driver.Resource, [][]int) {
	if len(due) == 1 {
		return due[0].Resources, [][]int{nil}
	}
	var union []driver.Resource
	at := make(map[string]int)
	picks := make([][]int, len(due))
	for i, e := range due {
		picks[i] = make([]int, len(e.Resources))
		for j, res := range e.Resources {
			k, known := at[res.Name]
			if !known {
				k = len(union)
				at[res.Name] = k
				union = append(union, res)
			}
			picks[i][j] = k
		}
	}
	return union, picks
}

// pick returns the readings at the given places; nil places mean all.
func pick(readings []driver.Reading, places []int) []driver.Reading {
	if places == nil {
		return readings
	}
	picked := make([]driver.Reading, len(places))
	for i, k := range places {
		picked[i] = readings[k]
	}
	return picked
}
