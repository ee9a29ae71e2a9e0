package rule

import (
	"context"
	"errors"
	"fmt"

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
	if _, taken := m.lookup(def.ID); taken {
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
	if err = m.establish(r, p); err != nil {
		m.end(context.Background(), r, Stopped, "")
		m.remove(r)
		_ = m.discard(r) // nothing of it was stored, but maybe of the state that it had in its moment
		m.params.remove(r.id)
	}
	return p.warnings, err
}

// establish starts a rule that is wanted to run, and stores it: last of all, so
// that what fails leaves on disk what was there before.
func (m *Manager) establish(r *rule, p *prepared) error {
	if r.def.Triggered {
		if err := m.launch(r, p); err != nil {
			return err
		}
	}
	return m.save(r)
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

// discard takes the rule out of the store.
func (m *Manager) discard(r *rule) error {
	return m.store.Update(func(tx *store.Tx) error {
		return errors.Join(tx.DeleteRule(r.id), m.checkpoints.forget(tx, r.id), m.params.forget(tx, r.id))
	})
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
