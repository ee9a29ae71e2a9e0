package rule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/store"
)

// Create adds a rule, and starts it if it is triggered. When it fails there is
// no rule.
func (m *Manager) Create(text string) (id string, warnings []string, err error) {
	def, warnings, err := m.parse(text)
	if err != nil {
		return "", warnings, err
	}
	m.change.RLock()
	defer m.change.RUnlock()
	more, err := m.create(def, text)
	return def.ID, m.warn(def.ID, append(warnings, more...)), err
}

// create needs Manager.change.
func (m *Manager) create(def *Definition, text string) (warnings []string, err error) {
	if m.closed {
		return nil, ErrClosed
	}
	if _, err := m.find(def.ID); err == nil {
		return nil, fmt.Errorf("rule %s already exists", def.ID)
	}
	p, err := m.prepare(def)
	if err != nil {
		return nil, err
	}
	r := newRule(def, text, def.Triggered)
	r.life.Lock()
	defer r.life.Unlock()
	if !m.claim(r) {
		return p.warnings, fmt.Errorf("rule %s already exists", def.ID)
	}
	if err = m.save(r); err == nil && def.Triggered {
		err = m.launch(r, p)
	}
	if err != nil {
		err = errors.Join(err, m.discard(r))
	}
	return p.warnings, err
}

// claim puts the rule in the list unless its id is taken.
func (m *Manager) claim(r *rule) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, taken := m.rules[r.id]; taken {
		return false
	}
	m.rules[r.id] = r
	return true
}

// discard takes the rule out of the list and the store.
func (m *Manager) discard(r *rule) error {
	m.remove(r)
	return m.store.Update(func(tx *store.Tx) error { return errors.Join(tx.DeleteRule(r.id), m.checkpoints.forget(tx, r.id)) })
}

// remove takes the rule out of the list.
func (m *Manager) remove(r *rule) {
	r.deleted = true
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rules, r.id)
}

// save stores a rule; one that is temporary is taken out of the store.
func (m *Manager) save(r *rule) error {
	s := r.look()
	return m.store.Update(s.save)
}

// warn logs what has no effect in a rule.
func (m *Manager) warn(id string, warnings []string) []string {
	for _, w := range warnings {
		m.log.Warn(w, "rule", id)
	}
	return warnings
}

// Update replaces a rule, or creates it. A definition that is not right leaves
// the old rule running, and one that is equal too.
func (m *Manager) Update(id, text string) (warnings []string, err error) {
	def, warnings, err := m.parse(text)
	if err != nil {
		return warnings, err
	}
	if def.ID != id {
		return warnings, fmt.Errorf("id %q in the body is not the id %q in the path", def.ID, id)
	}
	m.change.RLock()
	defer m.change.RUnlock()
	more, err := m.update(def, text)
	return m.warn(id, append(warnings, more...)), err
}

func (m *Manager) update(def *Definition, text string) (warnings []string, err error) {
	r, err := m.find(def.ID)
	if err != nil {
		return m.create(def, text)
	}
	if m.closed {
		return nil, ErrClosed
	}
	r.life.Lock()
	defer r.life.Unlock()
	if r.deleted {
		return nil, fmt.Errorf("rule %s was deleted meanwhile; send it again", def.ID)
	}
	if s := r.look(); s.text == text && s.triggered == def.Triggered && s.running() == def.Triggered {
		return nil, nil
	}
	return m.replace(r, def, text)
}

func (m *Manager) replace(r *rule, def *Definition, text string) (warnings []string, err error) {
	old := r.look()
	if old.text != text {
		if err := checkVersion(old.def.Version, def.Version); err != nil {
			return nil, err
		}
	}
	p, err := m.prepare(def)
	if err != nil {
		return nil, err
	}
	defer m.hub.Keep(p.query.Streams())()
	state := m.suspend(r)
	p.state = state
	r.define(def, text)
	r.show(func(s *shown) { s.triggered = def.Triggered })
	if err = m.save(r); err == nil && def.Triggered {
		err = m.launch(r, p)
	}
	if err == nil {
		return append(p.warnings, p.lost...), nil
	}
	// The old rule comes back: it was right once and still is.
	r.define(old.def, old.text)
	r.show(func(s *shown) { s.triggered = old.triggered })
	err = errors.Join(err, m.save(r))
	if old.active() {
		err = errors.Join(err, m.resume(r, state))
	}
	return p.warnings, err
}

// suspend ends a rule that may be running, behind all rows that have come so
// far, and returns the state that it had.
func (m *Manager) suspend(r *rule) (state []byte) {
	s := r.look()
	if s.running() && !s.run.attachment.Lasting() { // one that lasts leaves so by itself
		ctx, cancel := context.WithTimeout(context.Background(), finishTimeout)
		s.run.attachment.Leave(ctx)
		cancel()
	}
	m.end(context.Background(), r, Stopped, "")
	if s.running() {
		state = s.run.attachment.Snapshot()
	}
	return state
}

// checkVersion lets an update pass when it is newer, or when versions are not
// used.
func checkVersion(old, updated string) error {
	if old == "" && updated == "" || updated > old {
		return nil
	}
	return fmt.Errorf("version %q is not newer than the present %q; give a greater one", updated, old)
}

// Delete stops a rule and forgets it, with what waits on disk for its sinks.
func (m *Manager) Delete(id string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		m.end(context.Background(), r, Stopped, "")
		m.forget(r)
		return m.discard(r)
	})
}

// forget keeps from being delivered what waits on disk for a rule that is
// deleted.
func (m *Manager) forget(r *rule) {
	if err := m.pool.Forget(r.id); err != nil {
		m.log.Error("messages of a deleted rule may still be delivered", "rule", r.id, "error", err)
	}
}

// StartRule wants a rule to run and starts it; one that runs stays as it is.
func (m *Manager) StartRule(id string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		if err := m.want(r, true); err != nil {
			return err
		}
		r.retries = 0
		return m.begin(r)
	})
}

// StopRule wants a rule not to run and stops it.
func (m *Manager) StopRule(id string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		if err := m.want(r, false); err != nil {
			return err
		}
		m.end(context.Background(), r, Stopped, canceled)
		return nil
	})
}

// RestartRule stops a rule, if it runs, and starts it.
func (m *Manager) RestartRule(id string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		defer m.hub.Keep(m.catalog.Names())()
		m.end(context.Background(), r, Stopped, canceled)
		if err := m.want(r, true); err != nil {
			return err
		}
		r.retries = 0
		return m.begin(r)
	})
}

func (m *Manager) want(r *rule, run bool) error {
	s := r.look()
	if s.triggered == run {
		return nil
	}
	s.triggered = run
	if err := m.store.Update(s.save); err != nil {
		return err
	}
	r.show(func(s *shown) { s.triggered = run })
	return nil
}

// begin prepares and starts a rule that is not running.
func (m *Manager) begin(r *rule) error { return m.resume(r, nil) }

// resume is begin with the state that the rule had.
func (m *Manager) resume(r *rule, state []byte) error {
	if s := r.look(); s.running() {
		return nil
	}
	if err := m.renew(r); err != nil {
		m.fail(r, err)
		return err
	}
	p, err := m.prepare(r.def)
	if err != nil {
		m.fail(r, err)
		return err
	}
	p.state = state
	err = m.launch(r, p)
	m.warn(r.id, p.lost)
	return err
}

// launch starts a prepared rule that is not running.
func (m *Manager) launch(r *rule, p *prepared) error {
	r.cancelRetry()
	r.generation.Add(1)
	next, waits := m.appoint(r)
	if waits {
		m.wait(r, next, "")
		return nil
	}
	r.show(func(s *shown) { s.state, s.message, s.next = Starting, "", next })
	run, err := m.open(r.def, p)
	if errors.Is(err, hub.ErrState) {
		p.state = nil
		p.lost = []string{"the change is such that the rule begins anew: its windows are empty and its functions have forgotten earlier rows"}
		run, err = m.open(r.def, p)
	}
	if err != nil {
		m.fail(r, err)
		return err
	}
	r.show(func(s *shown) {
		s.state, s.run, s.final = Running, run, nil
		s.started = time.Now()
		s.reads = p.query.Streams()
	})
	m.log.Info("rule is running", "rule", r.id)
	return nil
}

// end stops a rule that may be running, and leaves it in the given state.
func (m *Manager) end(ctx context.Context, r *rule, state State, message string) {
	r.cancelRetry()
	if state != Failed {
		m.clock.timetable.remove(r)
	}
	s := r.look()
	if !s.running() {
		r.show(func(s *shown) {
			s.next = time.Time{}
			if s.state == Waiting || message != "" && s.state != Stopped {
				s.state, s.message = state, message
			}
		})
		return
	}
	r.show(func(s *shown) { s.state = Stopping })
	if err := s.run.close(ctx); err != nil {
		m.log.Warn("rule has not ended cleanly", "rule", r.id, "error", err)
	}
	if !m.closed {
		m.checkpoints.ended(s.def, s.run, state)
	}
	final := s.run.figures().ended()
	r.show(func(s *shown) {
		s.state, s.message, s.final, s.stopped, s.next = state, message, final, time.Now(), time.Time{}
	})
	m.log.Info("rule has ended", "rule", r.id, "state", state)
}

// fail notes why a rule could not be started.
func (m *Manager) fail(r *rule, err error) {
	r.show(func(s *shown) { s.state, s.message, s.stopped = Failed, err.Error(), time.Now() })
	m.log.Error("rule cannot be started", "rule", r.id, "error", err)
}
