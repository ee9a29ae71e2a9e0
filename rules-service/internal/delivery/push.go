package delivery

import (
	"errors"
	"strings"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// patience is how long a message of a full queue may have waited before the
// target counts as too slow: a rule must not wait for it any longer, since
// other rules wait behind that one.
const patience = time.Second

var errLagging = errors.New("the target is too slow: the oldest of the messages that wait are dropped")

// Push encodes the results and queues them; it never waits for the disk. A full
// queue holds the caller back while the target, or the disk in its place, keeps
// up; while neither does the oldest message is dropped.
func (t *Target) Push(b *value.Batch) error {
	var errs []error
	outs := t.renderer.render(b, func(err error) { errs = append(errs, err) })
	w := t.worker
	w.mu.Lock()
	t.figures.recordsIn += uint64(len(b.Rows))
	t.begin(len(outs))
	for _, err := range errs {
		t.unrendered(err)
	}
	var dropped []*value.Ack
	for i := range outs {
		if t.batch != nil {
			dropped = t.collect(&outs[i], b.Ack, dropped)
			continue
		}
		dropped = t.put(message{Outbound: outs[i], ack: b.Ack}, dropped)
	}
	w.mu.Unlock()
	releaseAll(dropped)
	return nil
}

// PushError queues the text of an error as a message: what became of a row that
// could not be evaluated. It is called as Push is, and waits no longer.
func (t *Target) PushError(e error) {
	out, err := t.renderer.renderError(e)
	w := t.worker
	w.mu.Lock()
	t.begin(1)
	dropped := t.putBatch(nil)
	if err == nil {
		dropped = t.put(message{Outbound: out}, dropped)
	} else {
		t.unrendered(err)
	}
	w.mu.Unlock()
	releaseAll(dropped)
}

// begin notes that results come; worker.mu is held.
func (t *Target) begin(results int) {
	t.now = time.Now()
	t.figures.invoked = t.now.UnixNano()
	t.figures.processed += uint64(results)
}

// unrendered counts a result of which no message can be made; worker.mu is
// held.
func (t *Target) unrendered(err error) {
	t.exception(err)
	t.complain(err)
	t.figures.drop(Unrendered, 1)
}

func releaseAll(acks []*value.Ack) {
	for _, a := range acks {
		a.Release(nil)
	}
}

// number gives a message the next number; worker.mu is held.
func (t *Target) number(m *message) {
	t.last++
	m.number = t.last
}

// put numbers a message and queues it; worker.mu is held, but not while it
// waits.
func (t *Target) put(m message, dropped []*value.Ack) []*value.Ack {
	t.number(&m)
	for t.full() {
		var wait time.Duration
		if wait, dropped = t.relieve(dropped); wait > 0 {
			t.await(wait)
			t.now = time.Now()
		}
	}
	t.enqueue(m)
	return dropped
}

// full tells that there is no room for one more; worker.mu is held.
func (t *Target) full() bool { return t.waiting() >= t.limit && !t.closed }

// relieve acts on a full queue. It tells how long to wait for room; 0: to look
// again. worker.mu is held.
func (t *Target) relieve(dropped []*value.Ack) (time.Duration, []*value.Ack) {
	w := t.worker
	left := patience - time.Since(t.stuck())
	switch {
	case t.replays && w.resuming():
		return patience, dropped
	case left > 0 && !t.lagging && (w.spilling || !w.failing):
		return left, dropped
	case !w.spilling && w.spill(): // there will be room
	case !w.failing && !t.lagging:
		t.lag()
	default:
		oldest := t.pop()
		dropped = append(dropped, oldest.ack)
		t.settled(oldest.number)
		t.figures.drop(Overflow, 1)
	}
	return 0, dropped
}

// enqueue puts a message into the queue, whatever room there is; worker.mu is
// held.
func (t *Target) enqueue(m message) {
	if t.closed {
		t.figures.drop(Ended, 1)
		t.giveUp(m.number)
		return
	}
	m.ack.Hold()
	t.queue = append(t.queue, waiter{m, t.now})
	t.worker.list(t)
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
	space := t.whenSpace()
	t.worker.mu.Unlock()
	defer t.worker.mu.Lock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-space:
	case <-timer.C:
	}
}

// whenSpace is closed when there may be room; worker.mu is held.
func (t *Target) whenSpace() chan struct{} {
	if t.space == nil {
		t.space = make(chan struct{})
	}
	return t.space
}

// lag notes that the target does not keep up.
func (t *Target) lag() {
	t.lagging = true
	t.exception(errLagging)
	t.worker.log.Warn("sink does not keep up; its oldest messages are dropped", "rule", t.rule, "action", t.name)
}

// renderError makes the message of an error: its text or, for a sink of rows, a
// row that holds it. Templates of properties see it as .error.
func (r *renderer) renderError(e error) (connector.Outbound, error) {
	r.reset()
	text := strings.ToValidUTF8(e.Error(), "\ufffd")
	var data any = map[string]any{"error": text}
	if !r.single {
		data = []map[string]any{{"error": text}}
	}
	values, err := r.values(data)
	if err != nil {
		return connector.Outbound{}, err
	}
	out := connector.Outbound{Payload: r.encoding.pack([]byte(text)), Values: values, Rule: r.rule}
	if r.rows {
		row := value.FieldsOf([]string{"error"}, []value.Value{value.OfString(text)})
		out.Payload = codec.AppendRows(nil, []*value.Fields{row})
	}
	return out, nil
}
