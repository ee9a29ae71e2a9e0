package rule

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Waiting is the state of a rule between the times of its schedule.
const Waiting State = "stopped: waiting for next schedule."

// What the status says of rules that their schedule has ended.
const (
	durationOver = "duration terminated"
	scheduleOver = "schedule terminated"
)

// clock is what rules know of time.
type clock struct {
	zone      atomic.Pointer[time.Location] // of schedules and of functions that read a clock
	timetable *timetable
}

func (m *Manager) newClock(patrol time.Duration) *clock {
	c := &clock{timetable: newTimetable(func(due []*rule) { m.background.Go(func() { m.followAll(due) }) })}
	if patrol > 0 {
		c.timetable.patrol = patrol
	}
	c.zone.Store(time.Local)
	return c
}

// WithPatrol says how often the clock on the wall is looked at for schedules.
func WithPatrol(interval time.Duration) Option {
	return func(o *options) { o.patrol = interval }
}

// Zone is the time zone of schedules and of rules that start from now on.
func (m *Manager) Zone() *time.Location { return m.clock.zone.Load() }

// SetZone changes the time zone. Schedules follow at once.
func (m *Manager) SetZone(zone *time.Location) {
	m.clock.zone.Store(zone)
	m.clock.timetable.hurry()
}

// appoint notes when to look at a rule that is to start, and tells when it
// begins next and whether it must wait until then.
func (m *Manager) appoint(r *rule) (next time.Time, waits bool) {
	s := r.def.Options.Schedule
	switch {
	case s == nil:
		return time.Time{}, false
	case s.once():
		m.clock.timetable.set(r, time.Now().Add(s.Duration))
		return time.Time{}, false
	}
	now, zone := time.Now(), m.Zone()
	runs, again := s.at(now, zone)
	m.clock.timetable.set(r, again)
	return s.next(now, zone), !runs
}

// wait shows that a rule waits for its schedule.
func (m *Manager) wait(r *rule, next time.Time, message string) {
	r.show(func(s *shown) { s.state, s.message, s.next = Waiting, message, next })
	if next.IsZero() {
		m.log.Info("rule waits, but its schedule is over", "rule", r.id)
		return
	}
	m.log.Info("rule waits for its schedule", "rule", r.id, "next", next)
}

// atOnce is how many rules follow their schedules at a time: the end of one may
// wait for its sinks.
const atOnce = 16

func (m *Manager) followAll(due []*rule) {
	var work sync.WaitGroup
	var next atomic.Int64
	for range min(atOnce, len(due)) {
		work.Go(func() {
			for i := next.Add(1); int(i) <= len(due); i = next.Add(1) {
				m.follow(due[i-1])
			}
		})
	}
	work.Wait()
}

// follow does what the schedule of a rule asks for now.
func (m *Manager) follow(r *rule) {
	_ = m.changing(r, func() error { // what fails is in the status
		s := r.look()
		schedule := r.def.Options.Schedule
		switch {
		case !s.triggered || schedule == nil:
			return nil
		case schedule.once():
			return m.endOnce(r, s)
		}
		next, waits := m.appoint(r)
		switch {
		case s.running() && waits:
			m.end(context.Background(), r, Waiting, scheduleOver)
			m.appoint(r)
			m.wait(r, next, scheduleOver)
		case !s.running() && !waits:
			r.retries = 0
			return m.begin(r)
		case s.state != Failed: // whose next start may be nearer
			r.show(func(s *shown) { s.next = next })
		}
		return nil
	})
}

// endOnce ends a rule that has run for its duration, for good: it is not wanted
// any more.
func (m *Manager) endOnce(r *rule, s shown) error {
	if !s.running() {
		return nil // its next start makes an appointment
	}
	if left := r.def.Options.Schedule.Duration - time.Since(s.started); left > 0 {
		m.clock.timetable.set(r, time.Now().Add(left))
		return nil
	}
	m.end(context.Background(), r, Stopped, durationOver)
	if err := m.want(r, false); err != nil {
		m.log.Error("rule has ended for good, but it would run once more after a restart of the service", "rule", r.id, "error", err)
	}
	return nil
}
