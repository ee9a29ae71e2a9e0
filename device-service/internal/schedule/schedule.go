// Package schedule reads devices at fixed intervals. Each auto-event has one
// schedule on a grid of its own (start + n × interval) that does not drift,
// and what is due of one device at the same time is read in one go.
package schedule

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"sluice/device-service/internal/driver"
)

// Reader reads resources of one device. Every driver.Driver is one.
type Reader interface {
	Read(ctx context.Context, device string, resources []driver.Resource) ([]driver.Reading, error)
}

// Event is one auto-event: a set of resources that is read at an interval.
type Event struct {
	Source    string
	Interval  time.Duration
	OnChange  bool
	Resources []driver.Resource
	// Convert turns what was read into what is compared and emitted. It gets
	// a reading for each of Resources, in order; nil leaves them as they are.
	Convert func([]driver.Reading) []driver.Reading
	// Emit takes the result of a read. It must not block, nor call the Scheduler.
	Emit func(Result)
}

// Result is what one auto-event read at one tick.
type Result struct {
	Due      time.Time // the tick of the grid
	Readings []driver.Reading
	Err      error  // why the whole device could not be read; there are no readings then
	Missed   uint64 // ticks skipped since the result before, because reads took too long
}

// Scheduler holds the schedules of all devices: one goroutine for each device
// that has auto-events, asleep on one timer, so that a slow device delays no other.
type Scheduler struct {
	reader Reader
	missed atomic.Uint64
	wg     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	runners map[string]*runner
}

// New returns a Scheduler that reads with r.
func New(r Reader) *Scheduler {
	return &Scheduler{reader: r, runners: make(map[string]*runner)}
}

// Set replaces the auto-events of a device; none ends its schedules. Once Set
// has returned, no result of the earlier ones is emitted any more.
func (s *Scheduler) Set(device string, events []Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var before <-chan struct{}
	if old := s.runners[device]; old != nil {
		old.stop()
		before = old.done
		delete(s.runners, device)
	}
	if s.closed || len(events) == 0 {
		return
	}
	r := newRunner(s, device, events, before)
	s.runners[device] = r
	s.wg.Go(r.run)
}

// Missed tells how many ticks were skipped so far, because reads took too long.
func (s *Scheduler) Missed() uint64 { return s.missed.Load() }

// Close ends all schedules and waits for the reads under way.
func (s *Scheduler) Close() {
	s.mu.Lock()
	s.closed = true
	for name, r := range s.runners {
		r.stop()
		delete(s.runners, name)
	}
	s.mu.Unlock()
	s.wg.Wait()
}
