package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
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
	conn   connector.Source
	log    *slog.Logger
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc

	keepers int // guarded by Hub.mu: see Hub.Keep

	mu      sync.Mutex
	streams []*stream // replaced, never changed
	state   Connection
}

func newSource(h *Hub, conf *connector.SourceConfig, conn connector.Source) *source {
	s := &source{hub: h, key: conf.Key, conn: conn, log: h.env.Log.With("connector", conf.Type)}
	s.ctx, s.cancel = context.WithCancel(h.ctx)
	for _, w := range conf.Warnings {
		s.log.Warn(w)
	}
	return s
}

// start runs the source; further calls do nothing.
func (s *source) start() {
	s.once.Do(func() { s.hub.work.Go(s.run) })
}

// stop ends the source; its goroutine closes the connection.
func (s *source) stop() {
	s.cancel()
	s.once.Do(func() { s.hub.work.Go(s.close) }) // it was never started
}

func (s *source) add(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	pause := firstPause
	for {
		s.trying()
		err := s.guard(func() error { return s.conn.Connect(s.ctx) })
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
		msgs, ack, err := s.conn.Read(s.ctx)
		if len(msgs) > 0 {
			s.deliver(msgs, ack)
		}
		if err != nil {
			return err
		}
	}
}

// deliver gives messages to all streams. The acknowledgement waits for the
// shards; a stream that has ended in between leaves it to the others.
func (s *source) deliver(msgs []connector.Inbound, done func(error)) {
	var ack *value.Ack
	if done != nil {
		ack = value.NewAck(done)
	}
	s.mu.Lock()
	streams := s.streams
	s.mu.Unlock()
	var err error
	for _, st := range streams {
		err = errors.Join(err, st.deliver(s.ctx, msgs, ack))
	}
	ack.Release(err)
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
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := s.conn.Close(ctx); err != nil {
		s.log.Warn("closing the source", "error", err)
	}
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
	return s.state
}

func (s *source) trying() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.LastTry = time.Now()
}

func (s *source) connected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Status = Connected
	s.state.LastConnected = time.Now()
	s.log.Info("source is connected")
}

// disconnected notes the loss, and logs it unless the source was disconnected
// before: attempts to connect may fail for one reason after the other.
func (s *source) disconnected(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.state.Status != Disconnected
	s.state.Status = Disconnected
	s.state.LastDisconnected = time.Now()
	s.state.LastDisconnectedMessage = err.Error()
	switch {
	case errors.Is(err, connector.ErrEndOfInput):
		s.log.Info("source has come to its end")
	case changed:
		s.log.Warn("source is disconnected; trying again", "error", err)
	}
}
