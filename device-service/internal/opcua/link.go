package opcua

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopcua/opcua"

	"sluice/device-service/internal/driver"
)

const (
	// inFlight is how many calls may wait for a server at once.
	inFlight = 8
	// maxWaiting is how many more may wait for their turn.
	maxWaiting = 64
)

// link keeps one server connected for the devices that it stands for. One
// goroutine connects, watches and tells states.
type link struct {
	target  target
	options Options
	feed    *feed
	left    []*opcua.Session // at the server, by connections that were lost
	tell    func(l *link, device string, s driver.State)

	ctx    context.Context
	cancel context.CancelCauseFunc

	first  chan struct{} // closed when the first attempt has ended
	joined chan struct{} // a device may not know its state yet

	slots   chan struct{}
	waiting atomic.Int64

	mu      sync.Mutex
	current *session // nil while down
	err     error    // why it is down
	told    map[string]knowledge
}

// knowledge is what was told about a device.
type knowledge int

const (
	nothing knowledge = iota
	toldUp
	toldDown
)

func newLink(t target, o Options, tell func(*link, string, driver.State)) *link {
	l := &link{
		target:  t,
		options: o,
		feed:    newFeed(t, o),
		tell:    tell,
		first:   make(chan struct{}),
		joined:  make(chan struct{}, 1),
		slots:   make(chan struct{}, inFlight),
		told:    map[string]knowledge{},
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	return l
}

// run keeps the server connected until the link's context ends.
func (l *link) run() {
	pause := l.options.RetryMin
	once := sync.OnceFunc(func() { close(l.first) })
	defer once()
	for {
		s, err := connect(l.ctx, l.target, l.options)
		if err == nil {
			pause = l.options.RetryMin
			l.set(s, nil)
			once()
			l.announce()
			err = l.serve(s)
		}
		if l.ctx.Err() != nil {
			l.set(nil, context.Cause(l.ctx))
			return
		}
		l.set(nil, err)
		once()
		l.announce()
		l.rest(pause)
		pause = min(2*pause, l.options.RetryMax)
	}
}

// serve uses a session until it ends, and gives the reason.
func (l *link) serve(s *session) error {
	ctx, cancel := context.WithCancel(l.ctx)
	var feeding sync.WaitGroup
	feeding.Go(func() {
		if l.feed.resume(ctx, s) {
			feeding.Go(func() { l.left = s.endLeft(ctx, l.left) })
		}
		l.feed.run(ctx, s)
	})
	err := s.watch(l.ctx, l.options.KeepAlive, l.joined, l.announce)
	l.set(nil, err)
	l.announce()
	var left []*opcua.Session
	if l.ctx.Err() == nil && l.feed.leaves() {
		left = s.detach(l.ctx)
	}
	s.close(err)
	cancel()
	feeding.Wait()
	l.left = append(l.left, left...)
	l.left = l.left[max(0, len(l.left)-mostLeft):]
	return err
}

// set takes a new state.
func (l *link) set(s *session, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current, l.err = s, err
}

// rest waits between two attempts.
func (l *link) rest(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-timer.C:
			return
		case <-l.joined:
			l.announce()
		}
	}
}

// announce tells devices the state that they were not told yet.
func (l *link) announce() {
	l.mu.Lock()
	state, now := driver.State{Up: true}, toldUp
	if l.current == nil {
		state, now = driver.State{Err: fmt.Errorf("%s: %w", l.target.url, l.err)}, toldDown
	}
	var devices []string
	for name, before := range l.told {
		if before != now {
			devices = append(devices, name)
			l.told[name] = now
		}
	}
	l.mu.Unlock()
	for _, name := range devices {
		l.tell(l, name, state)
	}
}

func (l *link) join(device string) {
	l.mu.Lock()
	if _, here := l.told[device]; !here {
		l.told[device] = nothing
	}
	l.mu.Unlock()
	select {
	case l.joined <- struct{}{}:
	default:
	}
}

// leave reports whether no device is left.
func (l *link) leave(device string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.told, device)
	return len(l.told) == 0
}

// session gives the connection. It waits for the first attempt only: later, a
// server that is down costs its callers no time.
func (l *link) session(ctx context.Context) (*session, error) {
	select {
	case <-l.first:
	case <-l.ctx.Done():
		return nil, context.Cause(l.ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == nil {
		return nil, fmt.Errorf("%s is not connected: %w", l.target.url, l.err)
	}
	return l.current, nil
}

// enter waits for a turn, for a bounded number of callers.
func (l *link) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-l.slots }
	select {
	case l.slots <- struct{}{}:
		return leave, nil
	default:
	}
	if l.waiting.Add(1) > maxWaiting {
		l.waiting.Add(-1)
		return nil, fmt.Errorf("%s: %w", l.target.url, driver.ErrBusy)
	}
	defer l.waiting.Add(-1)
	select {
	case l.slots <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
