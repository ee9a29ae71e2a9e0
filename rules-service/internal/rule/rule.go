// Package rule keeps the definitions of streams and rules and the life of the
// rules: what is wanted, what runs, and what became of it.
package rule

import (
	"sync"
	"sync/atomic"
	"time"

	"sluice/rules-service/internal/store"
)

// State is where a rule is in its life, in the words of the REST API.
type State string

// The states of a rule.
const (
	Running  State = "running"
	Stopped  State = "stopped"
	Starting State = "starting"
	Stopping State = "stopping"
	Failed   State = "stopped by error"
)

const canceled = "canceled manually"

// rule is one rule and its life.
type rule struct {
	id string

	// life is held while the rule changes, Manager.change before it. It guards
	// the fields below it.
	life    sync.Mutex
	def     *Definition
	text    string // as it was sent
	deleted bool
	retries int // restarts in a row
	// complaint is the last reason in the log why it cannot be started.
	complaint string
	retry     *time.Timer
	// retryDone tells the manager that a retry that was stopped will not come.
	retryDone func()

	// generation counts the runs: a failure that is told late must not end the
	// run that came after it.
	generation atomic.Int64

	mu    sync.Mutex // guards what the status shows
	shown shown
}

// shown is what can be asked of a rule at any time.
type shown struct {
	def       *Definition
	text      string
	triggered bool
	reads     []string // streams; nil: the rule has not run in this form
	state     State
	message   string
	started   time.Time
	stopped   time.Time
	next      time.Time // of a restart
	run       *run      // of the last start; nil before it
	final     *figures  // of the last run, once it has ended
}

func newRule(def *Definition, text string, triggered bool) *rule {
	r := &rule{id: def.ID}
	r.define(def, text)
	r.show(func(s *shown) { s.state, s.triggered = Stopped, triggered })
	return r
}

func (r *rule) define(def *Definition, text string) {
	r.def, r.text = def, text
	r.show(func(s *shown) { s.def, s.text, s.reads = def, text, nil })
}

// show changes what the status shows.
func (r *rule) show(change func(*shown)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.shown)
}

// look returns what the status shows.
func (r *rule) look() shown {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown
}

func (s *shown) running() bool { return s.run != nil && s.final == nil }

// save stores the rule; one that is temporary is taken out of the store.
func (s *shown) save(tx *store.Tx) error {
	if s.def.Temp {
		return tx.DeleteRule(s.def.ID)
	}
	return tx.PutRule(store.Rule{ID: s.def.ID, Text: s.text, Triggered: s.triggered})
}
