package opcua

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/device-service/internal/driver"
)

const (
	mostBrowses   = 2 // that run at once
	browsesKept   = 4 // that have ended
	browseTime    = 10 * time.Minute
	mostComplains = 20
)

// The states of a browse.
const (
	browseRunning   = "running"
	browseDone      = "done"
	browseFailed    = "failed"
	browseCancelled = "cancelled"
)

var (
	errTooManyBrowses = fmt.Errorf("%d browses are running; wait for one of them, or cancel it", mostBrowses)
	errNoBrowse       = errors.New("there is no such browse; those that have ended are kept for a while only")
)

// BrowseStatus is how far a browse has come.
type BrowseStatus struct {
	ID        string    `json:"id"`
	State     string    `json:"state"` // running, done, failed or cancelled
	Endpoint  string    `json:"endpoint"`
	Seen      int       `json:"seen"`      // nodes that were come across
	Found     int       `json:"found"`     // variables and methods among them that are wanted
	Described int       `json:"described"` // of those, how many were read about
	Started   time.Time `json:"started"`
	Seconds   float64   `json:"seconds"`
	// Truncated: there are more nodes than the request wanted to have looked at.
	Truncated bool   `json:"truncated,omitempty"`
	Error     string `json:"error,omitempty"`
	// Problems are nodes that were left out; the first of them are told.
	Problems []string `json:"problems,omitempty"`
	LeftOut  int      `json:"leftOut,omitempty"`
}

// browseState is the status while it changes.
type browseState struct {
	mu     sync.Mutex
	status BrowseStatus
	ended  time.Time
	nodes  []Node
}

func (s *browseState) progress(seen, found int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Seen, s.status.Found = seen, found
}

func (s *browseState) described(count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Described = count
}

// complain notes a node that is left out.
func (s *browseState) complain(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.LeftOut++
	if len(s.status.Problems) < mostComplains {
		s.status.Problems = append(s.status.Problems, err.Error())
	}
}

// end notes how it went. The client of a cancelled browse knows why.
func (s *browseState) end(nodes []Node, truncated bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.nodes, s.status.Truncated = time.Now(), nodes, truncated
	switch {
	case err == nil:
		s.status.State = browseDone
	case errors.Is(err, context.Canceled):
		s.status.State = browseCancelled
	case errors.Is(err, context.DeadlineExceeded):
		s.status.State, s.status.Error = browseFailed, fmt.Sprintf("it took longer than %v; ask for less: start lower, or with a smaller depth", browseTime)
	default:
		s.status.State, s.status.Error = browseFailed, err.Error()
	}
}

func (s *browseState) now() BrowseStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.status
	status.Problems = slices.Clone(status.Problems)
	until := s.ended
	if until.IsZero() {
		until = time.Now()
	}
	status.Seconds = until.Sub(status.Started).Round(time.Millisecond).Seconds()
	return status
}

// result is a part of the nodes, and how many there are; -1: it is not done.
func (s *browseState) result(offset, limit int) ([]Node, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.State != browseDone {
		return nil, -1
	}
	from := min(offset, len(s.nodes))
	return s.nodes[from:min(from+limit, len(s.nodes))], len(s.nodes)
}

// browseJob is one browse.
type browseJob struct {
	state  *browseState
	cancel context.CancelFunc
}

func (j *browseJob) runs() bool { return j.state.now().State == browseRunning }

// browser runs browses: they take longer than a request may.
type browser struct {
	driver  *Driver
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu   sync.Mutex
	jobs map[string]*browseJob
}

func newBrowser(d *Driver) *browser {
	b := &browser{driver: d, jobs: map[string]*browseJob{}}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// close ends all browses and waits for them.
func (b *browser) close() {
	b.mu.Lock()
	b.cancel()
	b.mu.Unlock()
	b.running.Wait()
}

// start begins a browse.
func (b *browser) start(r BrowseRequest) (BrowseStatus, error) {
	w, err := r.check()
	if err != nil {
		return BrowseStatus{}, err
	}
	t, err := b.driver.browseTarget(r)
	if err != nil {
		return BrowseStatus{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		return BrowseStatus{}, driver.ErrClosed
	}
	if b.count() >= mostBrowses {
		return BrowseStatus{}, errTooManyBrowses
	}
	b.forgetOld()
	ctx, cancel := context.WithTimeout(b.ctx, browseTime)
	job := &browseJob{
		state:  &browseState{status: BrowseStatus{ID: rand.Text(), State: browseRunning, Endpoint: t.url, Started: time.Now().UTC()}},
		cancel: cancel,
	}
	b.jobs[job.state.status.ID] = job
	b.running.Go(func() {
		defer cancel()
		b.driver.runBrowse(ctx, t, w, job.state)
	})
	return job.state.now(), nil
}

func (b *browser) count() int {
	n := 0
	for _, job := range b.jobs {
		if job.runs() {
			n++
		}
	}
	return n
}

// forgetOld keeps the newest of those that have ended.
func (b *browser) forgetOld() {
	ended := slices.DeleteFunc(slices.Collect(maps.Values(b.jobs)), (*browseJob).runs)
	slices.SortFunc(ended, func(x, y *browseJob) int { return cmp.Compare(y.state.ended.UnixNano(), x.state.ended.UnixNano()) })
	for _, job := range ended[min(browsesKept-1, len(ended)):] {
		delete(b.jobs, job.state.status.ID)
	}
}

func (b *browser) find(id string) (*browseJob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if job := b.jobs[id]; job != nil {
		return job, nil
	}
	return nil, errNoBrowse
}

// drop cancels a browse, and forgets it.
func (b *browser) drop(id string) error {
	job, err := b.find(id)
	if err != nil {
		return err
	}
	job.cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !job.runs() {
		delete(b.jobs, id)
	}
	return nil
}

// runBrowse browses with a connection of its own: devices are not kept waiting.
func (d *Driver) runBrowse(ctx context.Context, t target, w wish, state *browseState) {
	walk := &walk{wish: w, state: state, open: func(ctx context.Context) (*session, error) { return connect(ctx, t, d.options) }}
	if err := walk.connect(ctx); err != nil {
		state.end(nil, false, cmp.Or(ctx.Err(), fmt.Errorf("connect to %s: %w", t.url, err)))
		return
	}
	defer walk.close()
	nodes, err := walk.all(ctx)
	state.end(nodes, walk.full, cmp.Or(ctx.Err(), err))
}
