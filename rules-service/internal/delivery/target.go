package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

var _ exec.Operator = (*Target)(nil)

// Target is one action of a rule: the operator at the end of its query. Push
// and Advance are called by the rule's goroutine, the others by any.
type Target struct {
	pool     *Pool
	worker   *worker
	rule     string
	renderer *renderer
	limit    int
	interval time.Duration // resendInterval
	warnings []string
	name     string // "mqtt_0"
	named    string // connection that it is on; "": one of its own

	diskLimit  int  // messages on disk; 0: the bytes alone count
	dropNewest bool // when the disk is full
	forgets    bool // what is on disk when the rule ends
	errors     bool // errors of rows are messages

	// guarded by worker.mu
	disk     *tally
	batch    *batch   // what is collected; nil when each result is a message
	queue    []waiter // head is the oldest
	head     int
	inFlight int
	barred   int           // in the hand, and not to go to disk
	listed   bool          // in worker.ready
	lagging  bool          // a full queue drops, until a Write was quick and left room
	space    chan struct{} // closed when a waiting Push may go on
	idle     chan struct{} // closed when nothing waits any more
	now      time.Time     // of Push
	closed   bool
	refused  bool  // a message was dropped for good, and none written since
	told     int64 // when the log last said so, in nanoseconds since 1970
	figures  figures

	replays     bool   // what comes may be on disk already
	last        uint64 // number of the last message that was pushed
	taken       uint64 // the largest number that was taken from the queue
	gone        uint64 // the smallest number that was lost when the action ended; 0: none
	settlements []*settlement
}

// message waits to be written.
type message struct {
	connector.Outbound
	ack    *value.Ack
	number uint64
}

// waiter is a message with the time since when it waits.
type waiter struct {
	message
	since time.Time
}

func newTarget(p *Pool, w *worker, a *Action, r *renderer, c *connector.SinkConfig) *Target {
	common := &c.Common
	t := &Target{
		pool: p, worker: w, rule: r.rule, renderer: r, limit: common.BufferLength, interval: common.ResendInterval, warnings: c.Warnings,
		replays: a.From != 0, diskLimit: common.DiskMessages(max(w.batch, readAtOnce)), dropNewest: common.CacheFull == connector.DropNewest, forgets: common.CleanCacheAtStop,
		errors: common.SendError,
	}
	t.named = c.Connection
	t.name = fmt.Sprintf("%s_%d", a.Type, a.Index)
	if t.last = a.From; !t.replays {
		t.last = firstNumber()
	}
	t.batch = newBatch(c, r.encoding)
	w.add(t)
	return t
}

// action names the target; the name never changes.
func (t *Target) action() action { return action{t.rule, t.name} }

// Warnings are what the rule's author should know about the action.
func (t *Target) Warnings() []string { return t.warnings }

// quiet is the least time between two lines of the log about one action whose
// messages are dropped and written in turn.
const quiet = time.Minute

// complain logs that a message is dropped for good: once, until messages are
// written again. worker.mu is held.
func (t *Target) complain(err error) {
	now := time.Now().UnixNano()
	if !t.refused && (t.told == 0 || now-t.told >= int64(quiet)) {
		t.told = now
		t.worker.log.Warn("messages that cannot be delivered are dropped", "rule", t.rule, "action", t.name, "error", err)
	}
	t.refused = true
}

func (t *Target) waiting() int { return len(t.queue) - t.head }

// pop takes the oldest message; there is one. The queue's memory is used again
// when it has run empty or is mostly taken.
func (t *Target) pop() message {
	m := t.queue[t.head].message
	t.taken = max(t.taken, m.number)
	t.queue[t.head] = waiter{}
	t.head++
	switch {
	case t.head == len(t.queue):
		t.queue, t.head = t.queue[:0], 0
	case t.head >= 1024 && t.head > len(t.queue)/2:
		n := copy(t.queue, t.queue[t.head:])
		clear(t.queue[n:])
		t.queue, t.head = t.queue[:n], 0
	}
	return m
}

// release lets a waiting Push go on, and Finish when nothing is left.
func (t *Target) release() {
	if t.space != nil {
		close(t.space)
		t.space = nil
	}
	if t.idle != nil && t.inMemory() == 0 {
		close(t.idle)
		t.idle = nil
	}
}

// inMemory is how many messages are not on disk; of a target that is closed,
// those alone that may go there.
func (t *Target) inMemory() int {
	n := t.waiting() + t.inFlight
	if !t.closed {
		n += t.barred
	}
	return n
}

// exception counts an error; worker.mu is held.
func (t *Target) exception(err error) {
	t.figures.exceptions++
	t.figures.last = &exception{err.Error(), time.Now()}
}

// WantsErrors tells whether the action asks for errors of rows: see PushError.
func (t *Target) WantsErrors() bool { return t.errors }

// Advance does nothing: a sink knows no time.
func (t *Target) Advance(int64) error { return nil }

// Close does nothing: the query has ended, what it sent is still delivered.
// The owner of the rule calls Finish.
func (t *Target) Close() error { return nil }

// Finish waits until everything is written or on disk or ctx ends, and gives up
// the connection. Messages that are left go to disk or, when that is not
// possible, are dropped, their sources told so. It may be called twice.
func (t *Target) Finish(ctx context.Context) error {
	w := t.worker
	w.mu.Lock()
	own := t.flush()
	var idle chan struct{}
	if !t.closed && t.inMemory() > 0 {
		idle = t.whenIdle()
	}
	w.mu.Unlock()
	own.Release(nil)
	if idle != nil {
		select {
		case <-idle:
		case <-ctx.Done():
		}
	}
	return t.abandon()
}

// whenIdle is closed when nothing waits in memory; worker.mu is held.
func (t *Target) whenIdle() chan struct{} {
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	return t.idle
}

func (t *Target) abandon() error {
	w := t.worker
	w.mu.Lock()
	if t.closed {
		w.mu.Unlock()
		return nil
	}
	own := t.flush()
	t.closed = true
	t.release() // a Push that waits
	if !t.forgets && t.inMemory() > 0 && w.spill() {
		t.awaitDisk()
	}
	rest := slices.Clone(t.queue[t.head:])
	t.queue, t.head = nil, 0
	t.figures.drop(Ended, len(rest))
	for i := range rest {
		t.giveUp(rest[i].number)
		t.settled(rest[i].number)
	}
	t.release()
	w.remove(t)
	w.mu.Unlock()
	for _, m := range rest {
		m.ack.Release(errClosed)
	}
	own.Release(nil)
	var errs []error
	if t.forgets {
		errs = append(errs, w.forget(t.action()))
	}
	t.pool.leave(w)
	if len(rest) > 0 {
		errs = append(errs, fmt.Errorf("%s of rule %s: %d messages were not delivered", t.name, t.rule, len(rest)))
	}
	return errors.Join(errs...)
}

// awaitDisk waits until nothing of the target is in memory alone, or the disk
// fails; worker.mu is held, but not meanwhile.
func (t *Target) awaitDisk() {
	w := t.worker
	w.leaving++
	idle := t.whenIdle()
	w.mu.Unlock()
	timer := time.NewTimer(farewell)
	select {
	case <-idle:
	case <-timer.C:
	}
	timer.Stop()
	w.mu.Lock()
	w.leaving--
	poke(w.wake)
}
