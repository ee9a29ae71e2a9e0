package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
)

const (
	batchMessages = 256 // that one Write takes at most
	firstPause    = 100 * time.Millisecond
	longPause     = 30 * time.Second
	longestWish   = time.Hour // of a target that says when to come again
	farewell      = 5 * time.Second
)

// worker owns the Sink of one connection and writes what its targets queue.
type worker struct {
	key   string
	sink  connector.Sink
	log   *slog.Logger
	batch int
	users int // guarded by Pool.mu

	connectionless bool // only a Write shows whether the target is there

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{}

	suspect suspicion // of the batch under way

	mu      sync.Mutex
	targets []*Target
	ready   []*Target // that have messages, in turn
	failing bool      // the target takes nothing: full queues drop

	status           Status
	lastUp, lastDown time.Time
	lastTry          time.Time
	lastDownMessage  string
}

// item is a message under way.
type item struct {
	message
	target *Target
}

func startWorker(c *connector.SinkConfig, sink connector.Sink, log *slog.Logger) *worker {
	w := &worker{key: c.Key, sink: sink, log: logOf(c, log), batch: c.Batch, connectionless: c.Connectionless, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	if w.batch == 0 {
		w.batch = batchMessages
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	go w.run()
	return w
}

// logOf names the connection in every line.
func logOf(c *connector.SinkConfig, log *slog.Logger) *slog.Logger {
	log = log.With("sink", c.Type)
	if c.Target == "" {
		return log
	}
	return log.With("target", c.Target)
}

// stop ends the worker; no target is left.
func (w *worker) stop() {
	w.cancel()
	<-w.done
}

func (w *worker) run() {
	defer close(w.done)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		if err := w.sink.Close(ctx); err != nil {
			w.log.Warn("close sink", "error", err)
		}
	}()
	w.connect()
	var items []item
	var outs []connector.Outbound
	for {
		if items = w.take(items[:0]); len(items) == 0 {
			return
		}
		outs = w.deliver(items, outs[:0])
	}
}

// connect tries until it succeeds or the worker ends, and tells whether the
// first attempt did.
func (w *worker) connect() (atOnce bool) {
	for attempt := 0; w.ctx.Err() == nil; attempt++ {
		w.mu.Lock()
		w.lastTry = time.Now()
		w.mu.Unlock()
		err := guard(func() error { return w.sink.Connect(w.ctx) })
		if err == nil {
			if !w.connectionless {
				w.up()
			}
			return attempt == 0
		}
		w.down(err)
		w.sleep(pause(attempt))
	}
	return false
}

func pause(attempt int) time.Duration {
	d := min(firstPause<<min(attempt, 20), longPause)
	return d/2 + rand.N(d)
}

func (w *worker) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-w.ctx.Done():
	}
}

// up notes that the target takes messages: full queues hold their rules back.
func (w *worker) up() {
	w.mu.Lock()
	changed := w.status != Connected
	w.status, w.failing = Connected, false
	if changed {
		w.lastUp = time.Now()
	}
	again := changed && !w.lastDown.IsZero()
	w.mu.Unlock()
	if again {
		w.log.Info("sink works again")
	}
}

// down notes that it does not: full queues drop, so that no rule waits for it.
func (w *worker) down(err error) {
	if w.ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	changed := w.status != Disconnected
	w.status, w.failing, w.lastDownMessage = Disconnected, true, err.Error()
	if changed {
		w.lastDown = time.Now()
	}
	for _, t := range w.targets {
		t.release()
	}
	w.mu.Unlock()
	if changed {
		w.log.Warn("sink fails; its messages wait", "error", err)
	}
}

func (w *worker) add(t *Target) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.targets = append(w.targets, t)
}

// remove forgets a target; mu is held.
func (w *worker) remove(t *Target) {
	is := func(o *Target) bool { return o == t }
	w.targets, w.ready = slices.DeleteFunc(w.targets, is), slices.DeleteFunc(w.ready, is)
}

func (w *worker) allTargets() []*Target {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.targets)
}

// list puts a target in turn; mu is held.
func (w *worker) list(t *Target) {
	if !t.listed {
		t.listed = true
		w.ready = append(w.ready, t)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// take waits for messages; none: the worker ends.
func (w *worker) take(items []item) []item {
	for {
		w.mu.Lock()
		for len(w.ready) > 0 && len(items) < w.batch {
			items = w.takeFrom(w.ready[0], items)
		}
		w.mu.Unlock()
		if len(items) > 0 || w.ctx.Err() != nil {
			return items
		}
		select {
		case <-w.wake:
		case err := <-w.lost():
			w.down(err)
			w.connect()
		case <-w.ctx.Done():
		}
	}
}

// lost tells of the end of the connection while nothing is written.
func (w *worker) lost() <-chan error {
	if m, ok := w.sink.(connector.Monitored); ok {
		return m.Lost()
	}
	return nil
}

// takeFrom empties the first target in turn, or as much as fits.
func (w *worker) takeFrom(t *Target, items []item) []item {
	w.ready = w.ready[1:]
	t.listed = false
	for t.waiting() > 0 && len(items) < w.batch {
		items = append(items, item{t.pop(), t})
		t.inFlight++
	}
	t.release()
	if t.waiting() > 0 {
		t.listed = true
		w.ready = append(w.ready, t)
	}
	return items
}

// deliver writes items until each is written or given up.
func (w *worker) deliver(items []item, outs []connector.Outbound) []connector.Outbound {
	w.suspect = suspicion{}
	for attempt := 0; len(items) > 0; {
		if w.ctx.Err() != nil {
			w.drop(items, errClosed)
			break
		}
		n := w.suspect.size(len(items))
		outs = outs[:0]
		for _, it := range items[:n] {
			outs = append(outs, it.Outbound)
		}
		start := time.Now()
		err := w.write(outs)
		took := time.Since(start)
		left, wait := w.settle(items[:n], err, took, attempt)
		if len(left) == 0 {
			items, attempt = items[n:], 0
			w.suspect.clear()
			continue
		}
		items = append(left, items[n:]...)
		attempt++
		if wait > 0 {
			w.sleep(wait)
		}
	}
	clear(outs[:cap(outs)])
	return outs
}

// write turns a panic into an error that is not tried again: it would come
// again, and hold up everything behind it.
func (w *worker) write(outs []connector.Outbound) error {
	return guard(func() error { return w.sink.Write(w.ctx, outs) })
}

func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &connector.Permanent{Err: fmt.Errorf("panic in the sink: %v\n%s", p, debug.Stack())}
		}
	}()
	return f()
}

// settle acts on the outcome of a Write: it returns the items that are left
// and how long to wait before they are written again.
func (w *worker) settle(items []item, err error, took time.Duration, attempt int) ([]item, time.Duration) {
	if err == nil {
		w.up()
		w.written(items, took)
		return nil, 0
	}
	if w.ctx.Err() != nil {
		return items, 0
	}
	var partial *connector.Partial
	if errors.As(err, &partial) {
		var good []item
		good, items = split(items, partial.Failed)
		w.written(good, took)
	}
	w.note(items, err)
	var permanent *connector.Permanent
	if errors.As(err, &permanent) {
		w.up() // it answers
		w.refuse(items, err)
		return nil, 0
	}
	w.down(err)
	if errors.Is(err, connector.ErrNotConnected) {
		return w.reconnect(items, err, attempt)
	}
	return items, delay(items, err, attempt)
}

// reconnect makes the connection again that was lost on items, and gives up
// the one that it is lost on again and again.
func (w *worker) reconnect(items []item, err error, attempt int) ([]item, time.Duration) {
	w.suspect.lost(err, len(items), w.connect())
	if len(items) == 0 {
		return nil, 0
	}
	if verdict := w.suspect.verdict(&items[0].Outbound); verdict != nil {
		w.note(items[:1], verdict)
		w.refuse(items[:1], verdict)
		return nil, 0
	}
	if attempt == 0 {
		return items, 0
	}
	return items, pause(attempt - 1) // connections come and go
}

func delay(items []item, err error, attempt int) time.Duration {
	var later *connector.RetryAfter
	switch {
	case errors.As(err, &later) && later.After > 0:
		return min(later.After, longestWish)
	case len(items) > 0 && items[0].target.interval > 0:
		return items[0].target.interval
	}
	return pause(attempt)
}

// split parts the items that were written from those at the failed indexes.
func split(items []item, failed []int) (good, bad []item) {
	for i, it := range items {
		if slices.Contains(failed, i) {
			bad = append(bad, it)
		} else {
			good = append(good, it)
		}
	}
	return good, bad
}

func (w *worker) written(items []item, took time.Duration) {
	w.mu.Lock()
	for i := range items {
		t := items[i].target
		t.stats.RecordsOut++
		t.refused = false
		t.stats.ProcessLatency = took
		if took < patience && t.waiting() <= t.limit/2 {
			t.lagging = false
		}
		w.leave(t)
	}
	w.mu.Unlock()
	for i := range items {
		items[i].ack.Release(nil)
	}
}

// refuse drops items that no other attempt would bring through.
func (w *worker) refuse(items []item, err error) {
	w.mu.Lock()
	for i := range items {
		items[i].target.complain(err)
	}
	w.mu.Unlock()
	w.drop(items, nil)
}

// drop gives items up; err tells their sources that they were not delivered,
// nil that nothing would be gained by sending them again.
func (w *worker) drop(items []item, err error) {
	w.mu.Lock()
	for i := range items {
		items[i].target.stats.Dropped++
		w.leave(items[i].target)
	}
	w.mu.Unlock()
	for i := range items {
		items[i].ack.Release(err)
	}
}

// leave notes that a message of t is no longer under way; mu is held.
func (w *worker) leave(t *Target) {
	if t.inFlight--; t.inFlight == 0 {
		t.release()
	}
}

// note counts an attempt that failed, once for each action that it is about.
func (w *worker) note(items []item, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var last *Target
	for i := range items {
		if t := items[i].target; t != last {
			t.exception(err)
			last = t
		}
	}
}
