package rule

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/rules-service/internal/hub"
)

// defaultCheckpointInterval is how much is delivered again after a crash, at
// most.
const defaultCheckpointInterval = 10 * time.Second

const (
	soon          = time.Second // after a rule has come in, so that many that come at once make one checkpoint
	settleTimeout = 30 * time.Second
)

// checkpoints hold on disk what the rules made of the messages that their
// sources have acknowledged: their states, and how far their sinks are safe.
type checkpoints struct {
	m    *Manager
	ctx  context.Context
	stop context.CancelFunc
	wake chan struct{} // the intervals have changed, or it is to be soon
	done chan struct{}

	making sync.Mutex // one is made at a time
	moment hub.Moment // of the last one; guarded by making

	mu        sync.Mutex
	sums      map[string]uint32     // of the documents on disk, by rule
	intervals map[time.Duration]int // of the rules that run
	early     time.Time             // one is wanted by then; zero: none
	unsaved   map[string]*unsaved   // by rule
	fresh     []unsaved             // what the cut under way has found
	numbers   []uint64              // their marks
	outdated  map[string]bool       // rules whose document is to go
	ending    map[*run]struct{}     // that may be out of the hub, but not with all their messages safe
	stats     CheckpointStats

	// of the last process
	from    *hub.Moment
	states  map[string]*saved
	resumes bool // Start is to resume
	live    <-chan struct{}
}

// unsaved is where a rule is, not on disk yet.
type unsaved struct {
	saved
	id   string
	run  *run
	left bool // it has ended there
}

// CheckpointStats are the figures of the checkpoints since the start.
type CheckpointStats struct {
	Made    uint64
	Failed  uint64
	Last    time.Time     // that was made
	Took    time.Duration // it
	Error   string        // of the last attempt
	Replays bool          // what came before the start is still given to the rules
}

// openCheckpoints reads the last checkpoint. When there is something to go on
// from, nothing comes to the rules before Start.
func (m *Manager) openCheckpoints(o hub.IntakeOptions) (*checkpoints, error) {
	c := &checkpoints{
		m: m, wake: make(chan struct{}, 1), done: make(chan struct{}), sums: map[string]uint32{},
		intervals: map[time.Duration]int{}, unsaved: map[string]*unsaved{}, outdated: map[string]bool{},
		ending: map[*run]struct{}{},
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	from, states, err := loadCheckpoint(m.store, func(rule string, err error) {
		m.log.Error("a saved state cannot be read; it is left out", "rule", rule, "error", err)
	})
	if exists := m.hub.KeepIntake(o); from == nil && exists {
		from = &hub.Moment{} // the first checkpoint never came
	}
	if err == nil && from != nil {
		c.from, c.states, c.moment, c.resumes = from, states, *from, true
		m.hub.Hold(*from)
	}
	for id := range states {
		c.sums[id] = 0
	}
	go c.run()
	return c, err
}

// resume ends the start: what the last process had not finished is given to the
// rules, then the sources connect.
func (c *checkpoints) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.resumes {
		return
	}
	c.resumes, c.states = false, nil
	c.early = time.Now().Add(soon)
	c.live = c.m.hub.Resume()
	poke(c.wake)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run makes checkpoints until stop.
func (c *checkpoints) run() {
	defer close(c.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	last := time.Now()
	for {
		next, some := c.next(last)
		timer.Stop()
		if some {
			timer.Reset(time.Until(next))
		}
		select {
		case <-c.ctx.Done():
			return
		case <-c.wake:
			continue
		case <-c.m.hub.Urgent():
		case <-timer.C:
		}
		c.make(c.ctx)
		last = time.Now()
	}
}

// next is when a checkpoint is due; false: no rule needs one.
func (c *checkpoints) next(last time.Time) (time.Time, bool) {
	journals := c.m.hub.Journals()
	c.mu.Lock()
	defer c.mu.Unlock()
	interval := time.Duration(0)
	if journals {
		interval = defaultCheckpointInterval
	}
	for d := range c.intervals {
		if interval == 0 || d < interval {
			interval = d
		}
	}
	next := last.Add(interval)
	if !c.early.IsZero() && (interval == 0 || c.early.Before(next)) {
		return c.early, true
	}
	return next, interval > 0
}

// joined notes a run that has begun.
func (c *checkpoints) joined(o *Options, r *run) {
	if !r.attachment.Lasting() {
		return
	}
	c.mu.Lock()
	if o.QoS > 0 {
		c.intervals[o.checkpointInterval()]++
	}
	if c.early.IsZero() {
		c.early = time.Now().Add(soon)
	}
	c.mu.Unlock()
	poke(c.wake)
}

// make makes a checkpoint. What fails is tried again with the next one, and
// logged once.
func (c *checkpoints) make(ctx context.Context) {
	c.making.Lock()
	defer c.making.Unlock()
	c.mu.Lock()
	c.early = time.Time{}
	c.mu.Unlock()
	start := time.Now()
	err := c.attempt(ctx)
	if errors.Is(err, hub.ErrClosed) || errors.Is(err, hub.ErrHeld) || ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	failed := c.stats.Error != ""
	if err != nil {
		c.stats.Failed++
		c.stats.Error = err.Error()
		if !failed {
			c.m.log.Warn("a checkpoint cannot be made; after a crash more would be delivered again", "error", err)
		}
		return
	}
	c.stats.Made++
	c.stats.Last, c.stats.Took, c.stats.Error = time.Now(), time.Since(start), ""
	if failed {
		c.m.log.Info("checkpoints are made again")
	}
}

func (c *checkpoints) attempt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	moment, err := c.m.hub.Cut(ctx)
	if err != nil {
		return err
	}
	list := c.collect()
	if err := settleAll(ctx, append(slices.Collect(maps.Values(list)), c.lastWords()...)); err != nil {
		return err
	}
	if err := c.m.hub.Settle(ctx, moment); err != nil {
		return err
	}
	if err := c.write(moment, list); err != nil {
		return err
	}
	return c.m.hub.Forgo(moment)
}

// found is called on a rule's goroutine when a cut comes by, where other rules
// wait: it does no more than it must.
func (c *checkpoints) found(id string, r *run, state []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := len(c.numbers)
	c.numbers = r.marks(c.numbers)
	c.fresh = append(c.fresh, unsaved{id: id, run: r, saved: saved{state: state, marks: c.numbers[from:len(c.numbers):len(c.numbers)]}})
}

// collect returns all that is not on disk, with what the cut has found.
func (c *checkpoints) collect() map[string]*unsaved {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.fresh {
		u := &c.fresh[i]
		if old := c.unsaved[u.id]; old != nil && old.left && old.run == u.run {
			continue // it has gone on from there, to its end
		}
		if !u.run.forgotten.Load() {
			c.unsaved[u.id] = u
		}
	}
	c.fresh, c.numbers = make([]unsaved, 0, len(c.fresh)), make([]uint64, 0, len(c.numbers))
	return maps.Clone(c.unsaved)
}

// close makes a last checkpoint, of what is there when nothing comes any more.
func (c *checkpoints) close(ctx context.Context) {
	c.m.hub.Silence(ctx, c.m.flushInner)
	c.stop()
	<-c.done
	c.make(ctx)
}

func (c *checkpoints) look() CheckpointStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Replays = c.resumes
	if c.live != nil {
		select {
		case <-c.live:
		default:
			s.Replays = true
		}
	}
	return s
}
