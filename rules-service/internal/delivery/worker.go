package delivery

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
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

	rate    *limiter  // nil: as fast as the target takes it
	suspect suspicion // of the batch under way

	storage *Storage
	folder  string // of its queue on disk; "": there is none
	folders *folders
	letters *deadLetters

	unlettered bool // the last dead letter could not be kept
	undropped  bool // what is done with could not be dropped from disk; guarded by hand

	// hand is what the worker has taken and is to write next, with the lock
	// that whoever changes it holds; the worker holds it unless it waits. What
	// comes from the queues is stored after it: see spill. Order: hand, mu.
	hand struct {
		sync.Mutex
		items []item
		space []item // what items is made of
		outs  []connector.Outbound
	}
	backlog   backlog // guarded by hand
	doubles   []item  // that were taken and are on disk already; guarded by hand
	record    []byte  // of isDouble; guarded by hand
	spillers  sync.WaitGroup
	spillWake chan struct{}
	resumed   chan struct{} // closed when it is known what is on disk

	mu      sync.Mutex
	targets []*Target
	ready   []*Target // that have messages, in turn

	lingering   []*Target // whose batches wait for more
	lingerTimer *time.Timer
	lingerDue   time.Time

	failing  bool      // the target takes nothing: full queues drop, or go to disk
	spilling bool      // what the targets queue goes to disk
	spiller  bool      // that goroutine runs
	held     int       // messages that the spiller has taken and not stored yet
	leaving  int       // targets that wait until all of theirs is on disk
	progress time.Time // of the spiller
	end      journal.Offset
	// unsettled is set while the disk has not been read to its end since
	// messages were counted there.
	unsettled bool
	tallies   map[action]*tally
	diskFails bool
	diskAgain time.Time // the disk is not tried before

	status           Status
	lastUp, lastDown time.Time
	lastTry          time.Time
	lastDownMessage  string
}

// startWorker starts the worker of a connection.
func (p *Pool) startWorker(key string, c *connector.SinkConfig, rate connector.Rate, sink connector.Sink) *worker {
	w := &worker{
		key: key, sink: sink, log: logOf(c, p.env.Log), batch: c.Batch, connectionless: c.Connectionless,
		storage: &p.storage, folder: p.storage.folderOf(key), folders: p.folders, letters: p.letters,
		done: make(chan struct{}), wake: make(chan struct{}, 1), spillWake: make(chan struct{}, 1), resumed: make(chan struct{}),
		tallies: map[action]*tally{}, rate: newLimiter(rate),
	}
	w.backlog.options = p.storage.journalOf(w.folder)
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
	w.mu.Lock()
	if w.lingerTimer != nil {
		w.lingerTimer.Stop()
	}
	w.mu.Unlock()
	w.cancel()
	<-w.done
}

func (w *worker) run() {
	defer close(w.done)
	defer w.farewell()
	if w.folder != "" {
		w.folders.acquire(w.folder)
		defer w.folders.release(w.folder)
		w.resume()
		defer w.closeBacklog()
	}
	w.hand.Lock()
	defer w.hand.Unlock()
	w.connect()
	for w.take() {
		w.deliver()
	}
}

// closeBacklog leaves for the next worker what is to be delivered.
func (w *worker) closeBacklog() {
	w.spillers.Wait()
	var left []journal.Offset
	for i := range w.hand.items {
		if w.hand.items[i].place == onDisk {
			left = append(left, w.hand.items[i].offset)
		}
	}
	if err := w.backlog.close(left, w.waits()); err != nil {
		w.log.Warn("close the queue on disk", "error", err)
	}
}

func (w *worker) farewell() {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if err := guard(func() error { return w.sink.Close(ctx) }); err != nil {
		w.log.Warn("close sink", "error", err)
	}
}

// apart does what may take long, while others may store what is in the hand.
func (w *worker) apart(f func()) {
	w.hand.Unlock()
	defer w.hand.Lock()
	f()
}

// connect tries until it succeeds or the worker ends, and tells whether the
// first attempt did.
func (w *worker) connect() (atOnce bool) {
	for attempt := 0; w.ctx.Err() == nil; attempt++ {
		w.mu.Lock()
		w.lastTry = time.Now()
		w.mu.Unlock()
		var err error
		w.apart(func() { err = guard(func() error { return w.sink.Connect(w.ctx) }) })
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

// pause is longer after each attempt, longPause at most, and varied, so that
// many who lost one target do not come back at one moment.
func pause(attempt int) time.Duration {
	d := min(firstPause<<min(attempt, 20), longPause)
	return d/2 + rand.N(d/2)
}

func (w *worker) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	w.apart(func() {
		select {
		case <-t.C:
		case <-w.ctx.Done():
		}
	})
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

// down notes that it does not: what waits goes to disk, or full queues drop, so
// that no rule waits for it.
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
	w.spill()
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
	t.disk = w.tally(t.action())
	t.disk.take(t)
}

// remove forgets a target; what it has on disk stays there. mu is held.
func (w *worker) remove(t *Target) {
	is := func(o *Target) bool { return o == t }
	w.targets, w.ready = slices.DeleteFunc(w.targets, is), slices.DeleteFunc(w.ready, is)
	if a := t.action(); t.disk.waiting == 0 && w.tallies[a] == t.disk && t.disk.owner == t {
		delete(w.tallies, a)
	}
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
	if w.spilling {
		poke(w.spillWake)
		return
	}
	poke(w.wake)
}
