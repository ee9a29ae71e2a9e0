package rule

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Create adds a rule, and starts it if it is triggered. When it fails there is
// no rule.
func (m *Manager) Create(text string) (id string, warnings []string, err error) {
	def, warnings, err := ParseDefinition(text)
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
	r := newRule(def, text)
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
	r.deleted = true
	m.mu.Lock()
	delete(m.rules, r.id)
	m.mu.Unlock()
	return m.store.DeleteRule(r.id)
}

func (m *Manager) save(r *rule) error {
	s := r.look()
	return m.store.PutRule(s.stored())
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
	def, warnings, err := ParseDefinition(text)
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
	m.end(context.Background(), r, Stopped, "")
	r.define(def, text)
	r.show(func(s *shown) { s.triggered = def.Triggered })
	if err = m.save(r); err == nil && def.Triggered {
		err = m.launch(r, p)
	}
	if err == nil {
		return p.warnings, nil
	}
	// The old rule comes back: it was right once and still is.
	r.define(old.def, old.text)
	r.show(func(s *shown) { s.triggered = old.triggered })
	err = errors.Join(err, m.save(r))
	if old.running() {
		err = errors.Join(err, m.begin(r))
	}
	return p.warnings, err
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
		if err := m.pool.Forget(id); err != nil {
			m.log.Error("messages of a deleted rule may still be delivered", "rule", id, "error", err)
		}
		return m.discard(r)
	})
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
	if err := m.store.PutRule(s.stored()); err != nil {
		return err
	}
	r.show(func(s *shown) { s.triggered = run })
	return nil
}

// begin prepares and starts a rule that is not running.
func (m *Manager) begin(r *rule) error {
	if s := r.look(); s.running() {
		return nil
	}
	p, err := m.prepare(r.def)
	if err != nil {
		m.fail(r, err)
		return err
	}
	return m.launch(r, p)
}

// launch starts a prepared rule that is not running.
func (m *Manager) launch(r *rule, p *prepared) error {
	r.cancelRetry()
	r.generation.Add(1)
	r.show(func(s *shown) { s.state, s.message, s.next = Starting, "", time.Time{} })
	run, err := m.open(r.def, p)
	if err != nil {
		m.fail(r, err)
		return err
	}
	r.show(func(s *shown) {
		s.state, s.run, s.final = Running, run, nil
		s.started = time.Now()
	})
	m.log.Info("rule is running", "rule", r.id)
	return nil
}

// end stops a rule that may be running, and leaves it in the given state.
func (m *Manager) end(ctx context.Context, r *rule, state State, message string) {
	r.cancelRetry()
	s := r.look()
	if !s.running() {
		r.show(func(s *shown) {
			s.next = time.Time{}
			if message != "" && s.state != Stopped {
				s.state, s.message = state, message
			}
		})
		return
	}
	r.show(func(s *shown) { s.state = Stopping })
	if err := s.run.close(ctx); err != nil {
		m.log.Warn("rule has not ended cleanly", "rule", r.id, "error", err)
	}
	final := s.run.figures().ended()
	r.show(func(s *shown) {
		s.state, s.message, s.final, s.stopped = state, message, final, time.Now()
	})
	m.log.Info("rule has ended", "rule", r.id, "state", state)
}

// fail notes why a rule could not be started.
func (m *Manager) fail(r *rule, err error) {
	r.show(func(s *shown) { s.state, s.message, s.stopped = Failed, err.Error(), time.Now() })
	m.log.Error("rule cannot be started", "rule", r.id, "error", err)
}
