package delivery

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sluice/rules-service/internal/journal"
)

var errBusy = errors.New("a connection that has ended does not let go of its queue")

// Forget keeps from being delivered what waits on disk for a rule that is
// deleted, also on connections that are not open now. Its Targets must be
// finished.
func (p *Pool) Forget(rule string) error {
	if p.storage.Dir == "" {
		return nil
	}
	err := p.forget(action{rule: rule})
	for end := time.Now().Add(2 * farewell); errors.Is(err, errBusy) && time.Now().Before(end); {
		time.Sleep(firstPause)
		err = p.forget(action{rule: rule})
	}
	if err != nil {
		return fmt.Errorf("forget what waits on disk for rule %s: %w", rule, err)
	}
	return nil
}

// forget acts on all connections. Those that begin or end meanwhile make it
// busy.
func (p *Pool) forget(a action) error {
	p.mu.Lock()
	workers := map[string]*worker{}
	for _, w := range p.workers {
		workers[w.folder] = w
	}
	errs := []error{p.forgetResting(a, workers)}
	p.mu.Unlock()
	for _, w := range workers {
		err := w.forget(a)
		if errors.Is(err, journal.ErrClosed) {
			err = errBusy
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// forgetResting acts on the folders that have no worker; mu is held, so that
// none gets one meanwhile.
func (p *Pool) forgetResting(a action, workers map[string]*worker) error {
	entries, err := os.ReadDir(p.storage.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, e := range entries {
		folder := filepath.Join(p.storage.Dir, e.Name())
		if workers[folder] != nil || !e.IsDir() {
			continue
		}
		if rules, known := p.resting[folder]; known && !rules[a.rule] {
			continue
		}
		errs = append(errs, p.forgetIn(folder, a))
	}
	return errors.Join(errs...)
}

// forgetIn acts on one folder, and remembers whose messages are in it.
func (p *Pool) forgetIn(folder string, a action) error {
	if !p.folders.tryAcquire(folder) {
		return errBusy
	}
	defer p.folders.release(folder)
	b := backlog{options: p.storage.journalOf(folder)}
	if !b.exists() {
		return nil
	}
	rules := map[string]bool{}
	if _, err := b.open(func(m *stored) { rules[m.action.rule] = true }); err != nil {
		return err
	}
	p.resting[folder] = rules
	if !rules[a.rule] {
		return b.close(nil, len(rules) > 0)
	}
	_, err := b.forget(a)
	if err == nil {
		delete(rules, a.rule)
	}
	return errors.Join(err, b.close(nil, len(rules) > 0))
}

// forget keeps from being delivered what is on disk for an action, or for all
// actions of a rule.
func (w *worker) forget(a action) error {
	if w.folder == "" {
		return nil
	}
	<-w.resumed
	w.hand.Lock()
	defer w.hand.Unlock()
	if w.backlog.log == nil || !w.remembers(a) {
		return nil
	}
	o, err := w.backlog.forget(a)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && w.held == 0 {
		w.end = max(w.end, o+1)
		poke(w.wake)
	}
	for c, n := range w.tallies {
		if c.rule == a.rule && (a.name == "" || c.name == a.name) {
			n.waiting, n.skip, n.seen = 0, 0, nil
		}
	}
	for i := range w.hand.items {
		if it := &w.hand.items[i]; it.place != inMemory {
			if c := it.target.disk; c.owner.rule == a.rule && (a.name == "" || c.owner.name == a.name) {
				c.waiting++
			}
		}
	}
	return err
}

// remembers tells whether messages of the action wait on disk.
func (w *worker) remembers(a action) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c, n := range w.tallies {
		if n.waiting > 0 && c.rule == a.rule && (a.name == "" || c.name == a.name) {
			return true
		}
	}
	return false
}
