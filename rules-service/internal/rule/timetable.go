package rule

import (
	"container/heap"
	"sync"
	"time"
)

// defaultPatrol is how long the timer of schedules sleeps at most: a clock on
// the wall that is set meanwhile, as after the start of a machine without a
// battery, is noticed then.
const defaultPatrol = 10 * time.Second

// step is how far wall clock and running clock part when somebody sets the
// first.
const step = time.Second

// timetable knows when to look at which rule again. One timer serves all.
type timetable struct {
	due func([]*rule) // gets what is to be looked at now, with mu held

	mu     sync.Mutex
	patrol time.Duration
	heap   appointments
	places map[*rule]*appointment
	timer  *time.Timer
	woke   time.Time // with the running clock
	closed bool
}

// appointment is a rule to be looked at.
type appointment struct {
	rule  *rule
	at    time.Time // of the wall clock
	index int
}

func newTimetable(due func([]*rule)) *timetable {
	return &timetable{due: due, patrol: defaultPatrol, places: map[*rule]*appointment{}}
}

// set makes the only appointment of a rule; the zero time takes it off.
func (t *timetable) set(r *rule, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(r)
	if at.IsZero() || t.closed {
		return
	}
	a := &appointment{rule: r, at: at.Round(0)}
	t.places[r] = a
	heap.Push(&t.heap, a)
	now := time.Now()
	if len(t.heap) == 1 {
		t.woke = now
	}
	if a.index == 0 {
		t.wind(now)
	}
}

func (t *timetable) remove(r *rule) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(r)
}

func (t *timetable) forget(r *rule) {
	if a, ok := t.places[r]; ok {
		heap.Remove(&t.heap, a.index)
		delete(t.places, r)
	}
}

// wind sets the timer for the next appointment; mu is held.
func (t *timetable) wind(now time.Time) {
	if len(t.heap) == 0 || t.closed {
		return
	}
	pause := min(max(0, t.heap[0].at.Sub(now.Round(0))), t.patrol)
	if t.timer == nil {
		t.timer = time.AfterFunc(pause, t.ring)
		return
	}
	t.timer.Reset(pause)
}

// ring passes on what is due.
func (t *timetable) ring() {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pass(now, clockWasSet(now.Sub(t.woke), now.Round(0).Sub(t.woke.Round(0))))
	t.woke = now
	t.wind(now)
}

// clockWasSet tells it from how far both clocks went.
func clockWasSet(running, wall time.Duration) bool { return (wall - running).Abs() > step }

// pass takes off the table what is due, or all, and passes it on; mu is held.
func (t *timetable) pass(now time.Time, all bool) {
	var rules []*rule
	for len(t.heap) > 0 && (all || !t.heap[0].at.After(now.Round(0))) {
		r := heap.Pop(&t.heap).(*appointment).rule
		delete(t.places, r)
		rules = append(rules, r)
	}
	if len(rules) > 0 && !t.closed {
		t.due(rules)
	}
}

// hurry passes all rules on: the time zone has changed.
func (t *timetable) hurry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pass(time.Now(), true)
}

// close ends the timer; nothing is passed on any more.
func (t *timetable) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.timer != nil {
		t.timer.Stop()
	}
}

// appointments are a heap by time.
type appointments []*appointment

// Len is part of heap.Interface, as the others are.
func (h appointments) Len() int           { return len(h) }
func (h appointments) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h appointments) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push adds an entry at the end.
func (h *appointments) Push(x any) {
	a := x.(*appointment)
	a.index = len(*h)
	*h = append(*h, a)
}

// Pop takes the last entry.
func (h *appointments) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return a
}
