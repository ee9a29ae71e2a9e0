package hub

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
)

// reader is one goroutine that connects and reads all sources of one
// connection: thousands of topics of a broker cost no goroutine each. What holds
// one of them back, a full queue of a shard, holds back all of them, as the
// connection does.
type reader struct {
	key     string
	members int // guarded by Hub.mu
	cancel  context.CancelFunc

	mu      sync.Mutex
	ready   []*source // that have something to read, each once
	waiting []*source // to be connected
	wake    chan struct{}

	// These belong to the goroutine.
	refused []*source     // each for itself, to be tried again later
	pause   time.Duration // before the connection is tried again
	again   time.Time     // it is not tried before
}

// membership is what a reader knows of one of its sources.
type membership struct {
	reader *reader
	listed bool          // in ready; guarded by reader.mu
	pause  time.Duration // before it is tried again; the reader's goroutine's, as the next
	again  time.Time
	// serving is held while the source is connected or read, so that its end
	// does not come in between.
	serving sync.Mutex
}

func newReader(key string) *reader { return &reader{key: key, wake: make(chan struct{}, 1)} }

// ended is a context for reads that must not wait.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// join takes a source in, which is connected soon.
func (r *reader) join(s *source, n connector.Notifier) {
	s.member = &membership{reader: r, pause: firstPause}
	n.Notify(func() { r.notify(s) })
	r.wait(s)
	r.signal()
}

// notify hears that a source has something to read.
func (r *reader) notify(s *source) {
	r.mu.Lock()
	if s.member.listed {
		r.mu.Unlock()
		return
	}
	s.member.listed = true
	r.ready = append(r.ready, s)
	r.mu.Unlock()
	r.signal()
}

func (r *reader) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run works until ctx ends.
func (r *reader) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		for _, s := range r.takeReady() {
			r.read(s)
		}
		next, more := r.connectDue()
		if more {
			continue // read in between: connecting many takes a while
		}
		timer.Stop()
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-r.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

func (r *reader) takeReady() []*source {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.ready
	r.ready = nil
	for _, s := range list {
		s.member.listed = false
	}
	return list
}

// read hands on what a source has.
func (r *reader) read(s *source) {
	m := s.member
	m.serving.Lock()
	defer m.serving.Unlock()
	if s.ctx.Err() != nil || s.status() != Connected {
		return
	}
	err := s.guard(func() error { return s.readOnce(ended) })
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return
	case s.ctx.Err() != nil:
		return
	}
	s.disconnected(err)
	if errors.Is(err, connector.ErrEndOfInput) {
		return
	}
	r.wait(s)
}

// connectDue connects one source whose time has come, and tells whether another
// one may be due; else when the next one is.
func (r *reader) connectDue() (next time.Time, more bool) {
	now := time.Now()
	if now.Before(r.again) {
		return r.again, false
	}
	if s := r.takeWaiting(); s != nil {
		if !r.connect(s) {
			r.wait(s)
		}
		return time.Time{}, true
	}
	for i, s := range r.refused { // few, if any
		if now.Before(s.member.again) {
			if next.IsZero() || s.member.again.Before(next) {
				next = s.member.again
			}
			continue
		}
		r.refused = slices.Delete(r.refused, i, i+1)
		r.wait(s)
		return time.Time{}, true
	}
	return next, false
}

// takeWaiting takes the source that waits longest; nil: there is none.
func (r *reader) takeWaiting() *source {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.waiting) > 0 {
		s := r.waiting[0]
		r.waiting[0] = nil
		if r.waiting = r.waiting[1:]; s.ctx.Err() == nil {
			return s
		}
	}
	r.waiting = nil
	return nil
}

// wait lists a source to be connected.
func (r *reader) wait(s *source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, s)
}

// connect tries once, and tells whether the source need not wait for the
// connection any more. When it is that which fails, none of the others is tried
// for a while.
func (r *reader) connect(s *source) bool {
	m := s.member
	m.serving.Lock()
	defer m.serving.Unlock()
	if s.ctx.Err() != nil {
		return true
	}
	s.trying()
	err := s.guard(func() error { return s.conn.Connect(&s.ctx) })
	if err == nil {
		m.pause, r.pause = firstPause, firstPause
		s.connected()
		r.notify(s) // what came meanwhile
		return true
	}
	if s.ctx.Err() != nil {
		return true
	}
	s.disconnected(err)
	if errors.Is(err, connector.ErrEndOfInput) {
		return true
	}
	if errors.Is(err, connector.ErrNotConnected) {
		r.pause = max(r.pause, firstPause)
		r.again = time.Now().Add(r.pause/2 + rand.N(r.pause/2))
		r.pause = min(2*r.pause, longestPause)
		return false
	}
	m.again = time.Now().Add(m.pause/2 + rand.N(m.pause/2))
	m.pause = min(2*m.pause, longestPause)
	r.refused = append(r.refused, s)
	return true
}

// join gives a source to the reader of its connection; it is false when it must
// be read by itself. mu is held.
func (h *Hub) join(s *source) bool {
	n, ok := s.conn.(connector.Notifier)
	if !ok || s.group == "" || len(s.tables) > 0 {
		return false
	}
	r := h.readers[s.group]
	if r == nil {
		r = newReader(s.group)
		h.readers[s.group] = r
		var ctx context.Context
		ctx, r.cancel = context.WithCancel(h.ctx)
		h.work.Go(func() { r.run(ctx) })
	}
	r.members++
	s.group = r.key // one text for all of them
	r.join(s, n)
	return true
}

// leaveReader ends a source of a reader, when it is not being served.
func (s *source) leaveReader() {
	s.member.serving.Lock()
	s.close()
	s.member.serving.Unlock()
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	r := s.member.reader
	if r.members--; r.members == 0 {
		r.cancel()
		delete(h.readers, r.key)
	}
}
