package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// The pause before a source connects again doubles from the first to the
// longest.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 10 * time.Second
	closeTimeout = 3 * time.Second
)

// source is one connection, shared by all streams that are equal in type,
// properties and datasource. Its goroutine reads and decodes.
type source struct {
	hub    *Hub
	key    string
	origin origin
	conn   connector.Source
	typ    string // of the connector
	ctx    lifetime
	group  string      // of its connection; "" when it is read by itself
	member *membership // of a reader; nil: it has a goroutine of its own
	gate   gate

	durable bool         // the transport keeps what was not acknowledged
	finite  bool         // it ends by itself
	inner   bool         // its messages are those of rules: see connector.Congestion
	leave   atomic.Bool  // the service ends: the transport is to keep what comes
	wanted  atomic.Int32 // durable rules that read it
	once    sync.Once
	leaving sync.Once // its reader; Silence and Close both stop it

	// guarded by Hub.mu
	keepers int32 // see Hub.Keep
	started bool
	tables  []<-chan struct{} // whose end it waits for before it begins; not guarded then

	mu      sync.Mutex
	streams []*stream // replaced, never changed
	handed  uint64    // the last passage that was given to them
	state   state
	over    bool          // it is closed
	ended   chan struct{} // closed when it is; nil: nobody waits for that
}

// state is a Connection in less memory.
type state struct {
	status                         Status
	connected, disconnected, tried instant
	message                        string
}

func newSource(h *Hub, conf *connector.SourceConfig, conn connector.Source) *source {
	s := &source{
		hub: h, key: conf.Key, origin: originOf(conf.Key), conn: conn, typ: conf.Type, durable: conf.Durable, ctx: lifetime{hub: h.ctx},
	}
	for _, w := range conf.Warnings {
		h.env.Log.Warn(w, "connector", s.typ)
	}
	s.subscribe(conf.Inner)
	s.finite, s.group = conf.Finite, conf.Group
	return s
}

// start runs the source; further calls do nothing.
func (s *source) start() {
	s.once.Do(func() {
		s.started = true
		if !s.hub.join(s) {
			s.hub.work.Go(s.run)
		}
	})
}

// stop ends the source; its goroutine closes the connection.
func (s *source) stop() {
	s.ctx.end()
	if s.member != nil {
		s.leaving.Do(func() { s.hub.work.Go(s.leaveReader) })
		return
	}
	s.once.Do(func() { s.hub.work.Go(s.close) }) // it was never started
}

func (s *source) add(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.passage = s.handed
	s.streams = append(slices.Clone(s.streams), st)
}

func (s *source) remove(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams = slices.DeleteFunc(slices.Clone(s.streams), func(x *stream) bool { return x == st })
}

// idle tells whether no stream is left.
func (s *source) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams) == 0
}

func (s *source) run() {
	defer s.close()
	s.awaitTables()
	pause := firstPause
	for {
		s.trying()
		err := s.guard(func() error { return s.conn.Connect(&s.ctx) })
		if err == nil {
			s.connected()
			pause = firstPause
			err = s.guard(s.read)
		}
		if s.ctx.Err() != nil {
			return
		}
		s.disconnected(err)
		if errors.Is(err, connector.ErrEndOfInput) || !s.sleep(pause) {
			return
		}
		pause = min(2*pause, longestPause)
	}
}

// read hands on messages until the connection is lost.
func (s *source) read() error {
	for {
		if err := s.readOnce(&s.ctx); err != nil {
			return err
		}
	}
}

// readOnce hands on what is there, or waits for it until ctx ends.
func (s *source) readOnce(ctx context.Context) error {
	msgs, ack, err := s.conn.Read(ctx)
	if len(msgs) > 0 {
		s.makeWay()
		s.deliver(msgs, ack)
	}
	return err
}

// deliver gives messages to all streams, by way of the intake journal where
// they can wait for it.
func (s *source) deliver(msgs []connector.Inbound, done func(error)) {
	if done == nil || !s.journals() {
		_ = s.pass(&s.ctx, msgs, passage{}, done) // done hears of the error
		return
	}
	s.keep(msgs, done)
}

// pass gives messages to all streams. The acknowledgement waits for the shards;
// a stream that has ended in between leaves it to the others. It fails when ctx
// ends before a stream had room.
func (s *source) pass(ctx context.Context, msgs []connector.Inbound, p passage, done func(error)) error {
	var ack *value.Ack
	if done != nil {
		ack = value.NewAck(done)
	}
	err := s.passGate(ctx, msgs, p, ack)
	ack.Release(err)
	return err
}

// passGate gives messages to the streams that there are when the gate is open.
func (s *source) passGate(ctx context.Context, msgs []connector.Inbound, p passage, ack *value.Ack) (err error) {
	if !s.gate.enter(ctx) {
		return ctx.Err()
	}
	defer s.gate.leave()
	s.mu.Lock()
	streams := s.streams
	s.handed = p.number
	s.mu.Unlock()
	for _, st := range streams {
		err = errors.Join(err, st.deliver(ctx, msgs, p.number, ack))
	}
	return err
}

// guard turns a panic of a connector into an error.
func (s *source) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// sleep waits about so long; it is false when the source has ended.
func (s *source) sleep(d time.Duration) bool {
	t := time.NewTimer(d/2 + rand.N(d/2)) // spread, so that services do not come back all at once
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (s *source) close() {
	defer s.end()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if s.journals() {
		_, _ = s.hub.intake.settle(ctx) // so that the transport hears of what is on disk
	}
	closing := s.conn.Close
	if c, ok := s.conn.(connector.Suspender); ok && s.durable && s.leave.Load() {
		closing = c.Suspend
	}
	if err := closing(ctx); err != nil {
		s.hub.env.Log.Warn("closing the source", "connector", s.typ, "error", err)
	}
}

// end tells who waits for it that the source is closed.
func (s *source) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.ended != nil {
		close(s.ended)
	}
}

// whenEnded is closed when the source is.
func (s *source) whenEnded() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = make(chan struct{})
		if s.over {
			close(s.ended)
		}
	}
	return s.ended
}

// dropper is a source that counts what came faster than it was read.
type dropper interface{ Dropped() uint64 }

func (s *source) dropped() uint64 {
	if d, ok := s.conn.(dropper); ok {
		return d.Dropped()
	}
	return 0
}

func (s *source) connection() Connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Connection{Status: s.state.status, LastConnected: s.state.connected.time(), LastDisconnected: s.state.disconnected.time(),
		LastDisconnectedMessage: s.state.message, LastTry: s.state.tried.time()}
}

func (s *source) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.status
}

func (s *source) trying() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.tried = instantOf(time.Now())
}

func (s *source) connected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.status = Connected
	s.state.connected = instantOf(time.Now())
	s.hub.env.Log.Info("source is connected", "connector", s.typ)
}

// disconnected notes the loss, and logs it unless the source was disconnected
// before: attempts to connect may fail for one reason after the other.
func (s *source) disconnected(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.state.status != Disconnected
	s.state.status = Disconnected
	s.state.disconnected = instantOf(time.Now())
	s.state.message = err.Error()
	switch {
	case errors.Is(err, connector.ErrEndOfInput):
		s.hub.env.Log.Info("source has come to its end", "connector", s.typ)
	case changed:
		s.hub.env.Log.Warn("source is disconnected; trying again", "connector", s.typ, "error", err)
	}
}
