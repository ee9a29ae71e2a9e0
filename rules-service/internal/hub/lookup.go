package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// findTimeout is how long the rules of a shard wait for one answer. A table
// that does not answer in time is left alone for a pause that doubles, so that
// what its rules wait altogether stays a small part of the time.
const findTimeout = time.Second

// lookup is one connection to what lookup tables ask, shared by all tables that
// are equal in type, properties and datasource.
type lookup struct {
	hub    *Hub
	key    string
	conn   connector.Lookup
	log    *slog.Logger
	cache  *answers // nil: answers are not kept
	ctx    context.Context
	cancel context.CancelFunc
	users  int           // definitions and rules; guarded by Hub.mu
	tried  chan struct{} // closed after the first attempt to connect

	calls sync.RWMutex // held for writing by Connect and Close

	mu         sync.Mutex
	state      Connection
	connecting bool
	rest       time.Time // nothing is asked before
	pause      time.Duration
}

func newLookup(h *Hub, key string, conf *connector.LookupConfig, conn connector.Lookup) *lookup {
	l := &lookup{
		hub: h, key: key, conn: conn, log: h.env.Log.With("lookup", conf.Type), cache: newAnswers(conf.Common.Cache),
		tried: make(chan struct{}), pause: firstPause,
	}
	l.ctx, l.cancel = context.WithCancel(h.ctx)
	for _, w := range conf.Warnings {
		l.log.Warn(w)
	}
	l.reconnect()
	return l
}

// stop ends the connection; nobody asks any more, or the hub is closed.
func (l *lookup) stop() {
	l.cancel()
	l.hub.work.Go(l.close)
}

func (l *lookup) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	l.calls.Lock()
	defer l.calls.Unlock()
	if err := l.conn.Close(ctx); err != nil {
		l.log.Warn("closing the lookup table", "error", err)
	}
}

// reconnect connects in the background, unless that goes on already.
func (l *lookup) reconnect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connecting {
		return
	}
	l.connecting = true
	l.hub.work.Go(l.connect)
}

func (l *lookup) connect() {
	for pause := firstPause; l.ctx.Err() == nil; pause = min(2*pause, longestPause) {
		l.mu.Lock()
		l.state.LastTry = time.Now()
		l.mu.Unlock()
		err := l.tryConnect()
		if err == nil {
			l.connected()
		} else {
			l.failed(err)
		}
		select {
		case <-l.tried:
		default:
			close(l.tried)
		}
		if err == nil || !sleepFor(l.ctx, pause) {
			return
		}
	}
}

// sleepFor is false when ctx ends first.
func sleepFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *lookup) tryConnect() error {
	l.calls.Lock()
	defer l.calls.Unlock()
	return guardLookup(func() error { return l.conn.Connect(l.ctx) })
}

// guardLookup turns a panic of a connector into an error.
func guardLookup(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

func (l *lookup) connected() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connecting = false
	l.state.Status, l.state.LastConnected = Connected, time.Now()
	l.rest, l.pause = time.Time{}, firstPause
	l.log.Info("lookup table is connected")
}

// failed notes that the table does not answer, and logs it when it did before.
func (l *lookup) failed(err error) {
	if l.ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.state.Status != Disconnected
	l.state.Status, l.state.LastDisconnectedMessage = Disconnected, err.Error()
	if changed {
		l.state.LastDisconnected = time.Now()
		l.log.Warn("lookup table does not answer; trying again", "error", err)
	}
}

// find asks for rows, or knows the answer.
func (l *lookup) find(columns []string, values []value.Value) ([]*value.Fields, error) {
	if l.cache == nil {
		return l.ask(columns, values)
	}
	key := questionOf(columns, values)
	if rows, ok := l.cache.get(key); ok {
		return rows, nil
	}
	rows, err := l.ask(columns, values)
	if err == nil {
		l.cache.put(key, rows)
	}
	return rows, err
}

func (l *lookup) ask(columns []string, values []value.Value) (rows []*value.Fields, err error) {
	ctx, cancel := context.WithTimeout(l.ctx, findTimeout)
	defer cancel()
	if err := l.ready(ctx); err != nil {
		return nil, err
	}
	if !l.calls.TryRLock() {
		return nil, connector.ErrNotConnected
	}
	err = guardLookup(func() error {
		rows, err = l.conn.Find(ctx, columns, values)
		return err
	})
	l.calls.RUnlock()
	l.settle(err, ctx.Err() != nil)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// ready waits for the first attempt to connect, and tells why nothing can be
// asked.
func (l *lookup) ready(ctx context.Context) error {
	select {
	case <-l.tried:
	default:
		select {
		case <-l.tried:
		case <-ctx.Done():
			return fmt.Errorf("%w yet", connector.ErrNotConnected)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.connecting:
		return fmt.Errorf("%w: %s", connector.ErrNotConnected, l.state.LastDisconnectedMessage)
	case !l.rest.IsZero() && time.Now().Before(l.rest):
		return fmt.Errorf("it has not answered within %v; asked again in a moment", findTimeout)
	}
	return nil
}

// settle acts on the outcome of a question.
func (l *lookup) settle(err error, late bool) {
	switch {
	case err == nil:
		l.answered()
	case errors.Is(err, connector.ErrNotConnected):
		l.failed(err)
		l.reconnect()
	case late:
		l.failed(err)
		l.mu.Lock()
		l.rest = time.Now().Add(l.pause)
		l.pause = min(2*l.pause, longestPause)
		l.mu.Unlock()
	}
}

// answered notes that a table that had not answered in time does again.
func (l *lookup) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connecting || l.state.Status == Connected {
		return
	}
	l.state.Status, l.state.LastConnected = Connected, time.Now()
	l.pause = firstPause
	l.log.Info("lookup table answers again")
}
