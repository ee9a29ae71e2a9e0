// Package reconcile keeps the service's streams, tables and rules as the files
// of a folder say: files with definitions, and files with commands for the REST
// API. The folder may be a mounted ConfigMap.
package reconcile

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sluice/rules-service/internal/rule"
	"sluice/rules-service/internal/store"
)

// settle is how long a file must stay as it is before it counts as written.
const settle = time.Second

// Options say which folder is followed, and how. They may change at any time.
type Options struct {
	Folder       string        // "": none
	Interval     time.Duration // between two looks at the folder
	Prune        bool          // what no file brings any more is deleted
	CorrectDrift bool          // what others have changed is put back
}

// Service is what the files are applied to.
type Service struct {
	Rules *rule.Manager
	Store *store.Store
	// Import takes what is right of a set, and says what is wrong with the rest.
	Import func(rule.Set) ([]rule.Change, []rule.Finding, error)
	// Call does a request on the REST API.
	Call func(ctx context.Context, method, path, body string) (status int, answer string, err error)
	Log  *slog.Logger
}

// Reconciler follows a folder.
type Reconciler struct {
	Service
	options  atomic.Pointer[Options]
	status   atomic.Pointer[Status] // of the end of the last round
	failures atomic.Int64           // tries that failed
	ready    atomic.Bool            // one round is over
	wake     chan struct{}
	cancel   context.CancelFunc // of the goroutine that Start starts
	done     chan struct{}

	turn      sync.Mutex // held through a round, with all below
	files     map[string]*file
	owned     map[claim]string    // the file that brought it
	unwanted  map[claim]time.Time // since when no file has brought it
	stuck     map[claim]string    // why it could not be deleted
	folderErr string
	scanned   time.Time
}

// New returns a reconciler that knows what the one before it has done.
func New(s Service, o Options) (*Reconciler, error) {
	r := &Reconciler{Service: s, wake: make(chan struct{}, 1), files: map[string]*file{}, owned: map[claim]string{},
		unwanted: map[claim]time.Time{}, stuck: map[claim]string{}}
	r.options.Store(&o)
	if err := r.load(); err != nil {
		return nil, err
	}
	r.publish()
	return r, nil
}

// SetOptions changes the options.
func (r *Reconciler) SetOptions(o Options) {
	r.options.Store(&o)
	select {
	case r.wake <- struct{}{}:
	default: // it will wake anyway
	}
}

// Start follows the folder until Close.
func (r *Reconciler) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan struct{})
	go func() {
		defer close(r.done)
		r.follow(ctx)
	}()
}

// Close ends what Start has begun; a request that is under way is cancelled.
func (r *Reconciler) Close() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	<-r.done
}

// Ready tells whether the folder was looked at since the start.
func (r *Reconciler) Ready() bool { return r.ready.Load() }

func (r *Reconciler) follow(ctx context.Context) {
	for ctx.Err() == nil {
		r.round(ctx)
		timer := time.NewTimer(r.wait())
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// wait is the time until there is something to do.
func (r *Reconciler) wait() time.Duration {
	r.turn.Lock()
	defer r.turn.Unlock()
	next := r.options.Load().Interval
	for _, f := range r.files {
		if at := f.attention(); !at.IsZero() {
			next = min(next, max(time.Until(at), time.Millisecond))
		}
	}
	return next
}

// round looks at the folder once, and applies what is due: again as long as
// that may have helped files that failed.
func (r *Reconciler) round(ctx context.Context) {
	r.turn.Lock()
	defer r.turn.Unlock()
	for r.pass(ctx) && ctx.Err() == nil {
		r.hurry()
	}
	r.publish()
	r.ready.Store(true)
}

// hurry makes what has failed due at once.
func (r *Reconciler) hurry() {
	for _, f := range r.files {
		f.next = time.Time{}
	}
}

// pass tells whether files that were tried before could do better now.
func (r *Reconciler) pass(ctx context.Context) (again bool) {
	o := r.options.Load()
	if o.Folder == "" {
		return false
	}
	sources, err := scan(o.Folder)
	if r.noteFolder(err); err != nil {
		clear(r.unwanted) // who cannot look does not know what is gone
		return false
	}
	r.scanned = time.Now()
	r.match(sources, o.Interval)
	work := r.due(sources, o.CorrectDrift)
	applied := r.applyDefinitions(work)
	applied += r.runCommands(ctx, work)
	r.prune(o)
	return applied > 0 && r.failing()
}

// failing tells whether a file failed that was read.
func (r *Reconciler) failing() bool {
	for _, f := range r.files {
		if len(f.problems) > 0 && f.known {
			return true
		}
	}
	return false
}

// noteFolder logs once that the folder cannot be read, or can again.
func (r *Reconciler) noteFolder(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == r.folderErr {
		return
	}
	r.folderErr = text
	if err != nil {
		r.Log.Error("the folder of definitions cannot be read; everything stays as it is", "error", err)
		return
	}
	r.Log.Info("the folder of definitions can be read again", "folder", r.options.Load().Folder)
}
