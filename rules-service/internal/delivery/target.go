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

	diskLimit  int  // messages on disk; 0: the bytes alone count
	dropNewest bool // when the disk is full
	forgets    bool // what is on disk when the rule ends

	// guarded by worker.mu
	disk     *tally
	queue    []waiter // head is the oldest
	head     int
	inFlight int
	listed   bool          // in worker.ready
	lagging  bool          // a full queue drops, until a Write was quick and left room
	space    chan struct{} // closed when a waiting Push may go on
	idle     chan struct{} // closed when nothing waits any more
	now      time.Time     // of Push
	closed   bool
	refused  bool      // a message was dropped for good, and none written since
	told     time.Time // when the log last said so
	stats    SinkStats
}

// message waits to be written.
type message struct {
	connector.Outbound
	ack *value.Ack
}

// waiter is a message with the time since when it waits.
type waiter struct {
	message
	since time.Time
}

// patience is how long a message of a full queue may have waited before the
// target counts as too slow: a rule must not wait for it any longer, since
// other rules wait behind that one.
const patience = time.Second

var errLagging = errors.New("the target is too slow: the oldest of the messages that wait are dropped")

func newTarget(p *Pool, w *worker, name string, r *renderer, c *connector.SinkConfig) *Target {
	common := &c.Common
	t := &Target{
		pool: p, worker: w, rule: r.rule, renderer: r, limit: common.BufferLength, interval: common.ResendInterval, warnings: c.Warnings,
		diskLimit: common.DiskMessages(max(w.batch, readAtOnce)), dropNewest: common.CacheFull == connector.DropNewest, forgets: common.CleanCacheAtStop,
	}
	t.stats.Name = name
	w.add(t)
	return t
}

// action names the target; the name never changes.
func (t *Target) action() action { return action{t.rule, t.stats.Name} }

// Warnings are what the rule's author should know about the action.
func (t *Target) Warnings() []string { return t.warnings }

// Push encodes the results and queues them; it never waits for the disk. A full
// queue holds the caller back while the target, or the disk in its place, keeps
// up; while neither does the oldest message is dropped.
func (t *Target) Push(b *value.Batch) error {
	var errs []error
	outs := t.renderer.render(b, func(err error) { errs = append(errs, err) })
	w := t.worker
	w.mu.Lock()
	t.stats.RecordsIn += uint64(len(b.Rows))
	t.stats.MessagesProcessed += uint64(len(outs))
	t.now = time.Now()
	t.stats.LastInvocation = t.now
	for _, err := range errs {
		t.exception(err)
		t.complain(err)
	}
	t.stats.Dropped += uint64(len(errs))
	var dropped []*value.Ack
	for i := range outs {
		dropped = t.put(message{outs[i], b.Ack}, dropped)
	}
	w.mu.Unlock()
	for _, a := range dropped {
		a.Release(nil)
	}
	return nil
}

// put queues a message; worker.mu is held, but not while it waits.
func (t *Target) put(m message, dropped []*value.Ack) []*value.Ack {
	w := t.worker
	for t.waiting() >= t.limit && !t.closed {
		left := patience - time.Since(t.stuck())
		switch {
		case left > 0 && !t.lagging && (w.spilling || !w.failing):
			t.await(left)
			t.now = time.Now()
		case !w.spilling && w.spill(): // there will be room
		case !w.failing && !t.lagging:
			t.lag()
		default:
			dropped = append(dropped, t.pop().ack)
			t.stats.Dropped++
		}
	}
	if t.closed {
		t.stats.Dropped++
		return dropped
	}
	m.ack.Hold()
	t.queue = append(t.queue, waiter{m, t.now})
	w.list(t)
	return dropped
}

// stuck is since when nothing was taken from the full queue.
func (t *Target) stuck() time.Time {
	since := t.queue[t.head].since
	if w := t.worker; w.spilling && w.progress.After(since) {
		return w.progress
	}
	return since
}

// await waits for room, at most so long; worker.mu is held, but not meanwhile.
func (t *Target) await(d time.Duration) {
	if t.space == nil {
		t.space = make(chan struct{})
	}
	space := t.space
	t.worker.mu.Unlock()
	defer t.worker.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-space:
	case <-timer.C:
	}
}

// lag notes that the target does not keep up.
func (t *Target) lag() {
	t.lagging = true
	t.exception(errLagging)
	t.worker.log.Warn("sink does not keep up; its oldest messages are dropped", "rule", t.rule, "action", t.stats.Name)
}

// quiet is the least time between two lines of the log about one action whose
// messages are dropped and written in turn.
const quiet = time.Minute

// complain logs that a message is dropped for good: once, until messages are
// written again. worker.mu is held.
func (t *Target) complain(err error) {
	now := time.Now()
	if !t.refused && (t.told.IsZero() || now.Sub(t.told) >= quiet) {
		t.told = now
		t.worker.log.Warn("messages that cannot be delivered are dropped", "rule", t.rule, "action", t.stats.Name, "error", err)
	}
	t.refused = true
}

func (t *Target) waiting() int { return len(t.queue) - t.head }

// pop takes the oldest message; there is one. The queue's memory is used again
// when it has run empty or is mostly taken.
func (t *Target) pop() message {
	m := t.queue[t.head].message
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
	if t.idle != nil && t.waiting()+t.inFlight == 0 {
		close(t.idle)
		t.idle = nil
	}
}

// exception counts an error; worker.mu is held.
func (t *Target) exception(err error) {
	t.stats.Exceptions++
	t.stats.LastException, t.stats.LastExceptionTime = err.Error(), time.Now()
}

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
	var idle chan struct{}
	if !t.closed && t.waiting()+t.inFlight > 0 {
		idle = t.whenIdle()
	}
	w.mu.Unlock()
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
	t.closed = true
	t.release() // a Push that waits
	if !t.forgets && t.waiting()+t.inFlight > 0 && w.spill() {
		t.awaitDisk()
	}
	rest := slices.Clone(t.queue[t.head:])
	t.queue, t.head = nil, 0
	t.stats.Dropped += uint64(len(rest))
	t.release()
	w.remove(t)
	w.mu.Unlock()
	for _, m := range rest {
		m.ack.Release(errClosed)
	}
	var errs []error
	if t.forgets {
		errs = append(errs, w.forget(t.action()))
	}
	t.pool.leave(w)
	if len(rest) > 0 {
		errs = append(errs, fmt.Errorf("%s of rule %s: %d messages were not delivered", t.stats.Name, t.rule, len(rest)))
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

// Stats are the figures of the action.
func (t *Target) Stats() SinkStats {
	w := t.worker
	w.mu.Lock()
	defer w.mu.Unlock()
	s := t.stats
	s.BufferLength = t.waiting() + t.inFlight + t.disk.waiting - t.disk.skip
	s.Connection, s.LastTryTime = w.status, w.lastTry
	s.LastConnectedTime, s.LastDisconnectedTime, s.LastDisconnectedMessage = w.lastUp, w.lastDown, w.lastDownMessage
	return s
}
