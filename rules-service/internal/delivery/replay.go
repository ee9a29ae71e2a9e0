package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/sqlengine/value"
)

// ErrReplaying is returned while another replay is under way.
var ErrReplaying = errors.New("dead letters are being sent again; wait until that has ended")

// Replayed is the outcome of a replay.
type Replayed struct {
	Sent int // letters that were written or are on disk, and no letters any more
	Left int // letters that are as they were
}

// Replay sends dead letters again, in their order, behind what their targets
// have. A letter is taken out of the file once its message is written or on
// disk, or has become a new dead letter. Those of actions that are not open are
// left. When ctx ends, what has not been written until then is left as well,
// and may be sent twice.
func (p *Pool) Replay(ctx context.Context, f LetterFilter) (Replayed, error) {
	if !p.letters.replaying.TryLock() {
		return Replayed{}, ErrReplaying
	}
	defer p.letters.replaying.Unlock()
	var list []DeadLetter
	err := p.letters.each(func(l *DeadLetter) {
		if f.picks(l) {
			list = append(list, *l)
		}
	})
	if err != nil {
		return Replayed{}, err
	}
	r := replay{open: p.openTargets(), done: map[string]bool{}, told: make(chan struct{}, 1)}
	sent := r.send(ctx, list)
	err = r.settle(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	n, removal := p.letters.remove(func(l *DeadLetter) bool { return r.done[l.ID] })
	return Replayed{Sent: n, Left: len(list) - n}, errors.Join(sent, err, removal)
}

func (p *Pool) openTargets() map[action]*Target {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := map[action]*Target{}
	for _, w := range p.workers {
		for _, t := range w.allTargets() {
			open[t.action()] = t
		}
	}
	return open
}

// replay is a Replay under way.
type replay struct {
	open map[action]*Target
	used []*Target

	mu      sync.Mutex
	pending int             // queued, and not known yet what became of them
	done    map[string]bool // by id
	told    chan struct{}   // gets something when nothing is pending
}

// send queues letters as far as their actions are open, and tells which are
// not.
func (r *replay) send(ctx context.Context, list []DeadLetter) error {
	var absent []string
	for i := range list {
		l := &list[i]
		t := r.open[action{l.Rule, l.Action}]
		if t == nil {
			if name := l.Action + " of rule " + l.Rule; !slices.Contains(absent, name) {
				absent = append(absent, name)
			}
			continue
		}
		if err := r.sendOne(ctx, t, l); err != nil {
			return err
		}
	}
	if len(absent) > 0 {
		return fmt.Errorf("%s: not running; start the rule first", strings.Join(absent, ", "))
	}
	return nil
}

func (r *replay) sendOne(ctx context.Context, t *Target, l *DeadLetter) error {
	if !slices.Contains(r.used, t) {
		r.used = append(r.used, t)
	}
	r.mu.Lock()
	r.pending++
	r.mu.Unlock()
	ack := value.NewAck(func(err error) { r.tell(l.ID, err) })
	err := t.resend(ctx, message{Outbound: l.outbound(), ack: ack})
	ack.Release(err)
	return err
}

// tell notes what became of a letter.
func (r *replay) tell(id string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.done[id] = true
	}
	if r.pending--; r.pending == 0 {
		poke(r.told)
	}
}

// settle waits until what was queued is safe.
func (r *replay) settle(ctx context.Context) error {
	for _, t := range r.used {
		if err := t.Settle(ctx, 0); err != nil {
			return err
		}
	}
	for r.waits() { // not for long: all of it is settled
		select {
		case <-r.told:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *replay) waits() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pending > 0
}

// resend queues a message that is no result of the rule, when there is room.
func (t *Target) resend(ctx context.Context, m message) error {
	w := t.worker
	w.mu.Lock()
	defer w.mu.Unlock()
	for t.full() {
		if err := t.awaitRoom(ctx); err != nil {
			return err
		}
	}
	if t.closed {
		return fmt.Errorf("%s of rule %s: %w", t.name, t.rule, errClosed)
	}
	t.now = time.Now()
	t.joinSettlements()
	t.enqueue(m)
	return nil
}

// awaitRoom waits for room, and sees to it that there will be some; worker.mu is
// held, but not while it waits.
func (t *Target) awaitRoom(ctx context.Context) error {
	space := t.whenSpace()
	w := t.worker
	w.mu.Unlock()
	defer w.mu.Lock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-space:
	case <-timer.C:
		w.mu.Lock()
		w.spill()
		w.mu.Unlock()
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
