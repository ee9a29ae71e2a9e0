package rule

import (
	"context"
	"errors"
	"fmt"
)

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
	r, ok := m.lookup(def.ID)
	if !ok {
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
	defer m.hub.Keep(p.reads())()
	state := m.suspend(r)
	p.state = state
	r.define(def, text)
	r.show(func(s *shown) { s.triggered = def.Triggered })
	if err = m.establish(r, p); err != nil {
		return p.warnings, errors.Join(err, m.restore(r, old, state))
	}
	return append(p.warnings, p.lost...), nil
}

// restore brings back what a rule was before a change that has failed: it was
// right once and still is.
func (m *Manager) restore(r *rule, was shown, state []byte) error {
	m.end(context.Background(), r, Stopped, "")
	r.define(was.def, was.text)
	if was.running() || was.state == Waiting {
		r.show(func(s *shown) { s.triggered = was.triggered })
		return m.resume(r, state)
	}
	r.show(func(s *shown) { *s = was })
	if was.state == Failed && !was.next.IsZero() {
		m.planRetry(r)
	}
	return nil
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
