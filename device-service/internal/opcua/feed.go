package opcua

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopcua/opcua/ua"
)

// feed keeps the subscriptions of the devices of one link, over all sessions.
// A server has one publish request at a time: its messages stay in order, and
// one that finds nobody to take it waits there.
type feed struct {
	log     *slog.Logger
	url     string
	timeout time.Duration // of a request
	retry   time.Duration // until what a server refused is asked for again

	changed chan struct{} // the members have
	holds   atomic.Bool   // the server has a subscription
	doubt   atomic.Bool   // it may have one: its answer did not arrive

	mu      sync.Mutex
	members map[string]*device // by name

	// The rest belongs to run, which runs once at a time.
	subs    []*subscription
	surplus []surplus // at the server
	handle  uint32    // of the newest item
	started time.Time // the server, when it was connected before
	acks    []*ua.SubscriptionAcknowledgement
	stale   bool // something is to be made at the server
	failed  bool // the last publish request
	silent  bool // it was logged that the server publishes nothing
}

func newFeed(t target, o Options) *feed {
	return &feed{
		log: o.Log, url: t.url, timeout: t.timeout, retry: o.RetryRefused,
		changed: make(chan struct{}, 1), members: map[string]*device{}, handle: rand.Uint32(),
	}
}

// join makes a device a member, or gives it a new form.
func (f *feed) join(name string, dev *device) {
	f.mu.Lock()
	if len(dev.monitoring.items) == 0 {
		delete(f.members, name)
	} else {
		f.members[name] = dev
	}
	f.mu.Unlock()
	f.wake()
}

func (f *feed) leave(name string) {
	f.mu.Lock()
	delete(f.members, name)
	f.mu.Unlock()
	f.wake()
}

func (f *feed) wake() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// leaves tells whether a server whose connection is lost keeps anything.
func (f *feed) leaves() bool { return f.holds.Load() || f.doubt.Load() }

func (f *feed) wanted() map[string]*device {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.members)
}

// run serves the subscriptions on a session until ctx ends.
func (f *feed) run(ctx context.Context, s *session) {
	a := newAsker(s)
	defer a.running.Wait()
	f.stale, f.failed = true, false
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		if f.stale {
			f.stale = false
			timer.Reset(f.follow(ctx, s))
		}
		f.ask(ctx, a)
		select {
		case <-ctx.Done():
		case <-f.changed:
			f.stale = true
		case <-timer.C:
			f.stale = true
		case p := <-a.answers:
			a.waits = false
			f.answered(ctx, a, p)
		}
	}
}

// ask sends a publish request unless one is at the server, as long as there is a
// subscription.
func (f *feed) ask(ctx context.Context, a *asker) {
	if !a.waits && f.holds.Load() {
		a.ask(ctx, f.acks, f.patience())
		f.acks = nil
	}
}

// answered handles the answer to a publish request. The next one goes first: the
// server gets on meanwhile.
func (f *feed) answered(ctx context.Context, a *asker, p published) {
	if again := f.failed; p.err != nil {
		f.failed = true
		f.excuse(ctx, a.s, p.err, again)
		return
	}
	f.speaks()
	f.ask(ctx, a)
	f.take(ctx, a.s, p.answer)
}

// patience is how long a publish request may stay without an answer.
func (f *feed) patience() time.Duration {
	longest := time.Duration(0)
	for _, sub := range f.subs {
		longest = max(longest, sub.silence)
	}
	return 2*longest + f.timeout
}

// breather is the pause after a publish request that failed.
const breather = time.Second

// excuse takes what a server says instead of a message. When it says so again,
// it gets a pause.
func (f *feed) excuse(ctx context.Context, s *session, err error, again bool) {
	if errors.Is(err, errNoAnswer) || errors.Is(err, ua.StatusBadNoSubscription) {
		for _, sub := range f.subs {
			f.verify(ctx, s, sub)
		}
	}
	if !again {
		return
	}
	select {
	case <-ctx.Done():
		return // it was the end of the session
	case <-time.After(breather):
	}
	if !f.silent {
		f.silent = true
		f.log.Warn("server does not publish; it is asked again and again", "endpoint", f.url, "error", err)
	}
}

// speaks notes that the server has answered a publish request.
func (f *feed) speaks() {
	f.failed = false
	if f.silent {
		f.silent = false
		f.log.Info("server publishes again", "endpoint", f.url)
	}
}

// verify asks a server whether it still has a subscription that is in doubt.
// Without an answer the session is what is in doubt, and others see to that.
func (f *feed) verify(ctx context.Context, s *session, sub *subscription) {
	if sub.id == 0 {
		return
	}
	exists, err := s.exists(ctx, sub.id)
	if exists {
		sub.heard = time.Now()
	}
	if exists || err != nil {
		return
	}
	_ = s.deleteSubscription(ctx, sub.id) // it may be there nevertheless
	f.lost(sub, "the server has forgotten it")
}

// lost notes that the server has a subscription no more.
func (f *feed) lost(sub *subscription, why string) {
	if sub.id == 0 {
		return
	}
	f.log.Warn("subscription is lost and made again: changes since then may be missing",
		"endpoint", f.url, "devices", sub.devices(), "since", sub.heard, "reason", why)
	sub.lose()
	f.stale = true
	f.count()
}

// count notes whether the server has any subscription.
func (f *feed) count() {
	holds := false
	for _, sub := range f.subs {
		holds = holds || sub.id != 0
	}
	f.holds.Store(holds)
}

// acknowledge lets the server forget a message with the next publish request.
func (f *feed) acknowledge(id, sequence uint32) {
	f.acks = append(f.acks, &ua.SubscriptionAcknowledgement{SubscriptionID: id, SequenceNumber: sequence})
}
