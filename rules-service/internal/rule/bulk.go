package rule

import "sluice/rules-service/internal/store"

// StartRules is StartRule for many. The errors are in the order of ids.
func (m *Manager) StartRules(ids []string) []error { return m.wantAll(ids, true, m.StartRule) }

// StopRules is StopRule for many. The errors are in the order of ids.
func (m *Manager) StopRules(ids []string) []error { return m.wantAll(ids, false, m.StopRule) }

// wantAll stores what is wanted of many rules in one write, and does it to them
// one by one.
func (m *Manager) wantAll(ids []string, run bool, do func(id string) error) []error {
	errs := make([]error, len(ids))
	err := m.storeWanted(ids, run)
	for i, id := range ids {
		if errs[i] = err; err == nil {
			errs[i] = do(id)
		}
	}
	return errs
}

// storeWanted holds up all other changes: they store rules too.
func (m *Manager) storeWanted(ids []string, run bool) error {
	m.change.Lock()
	defer m.change.Unlock()
	if m.closed {
		return ErrClosed
	}
	var rules []*rule
	for _, id := range ids {
		if r, ok := m.lookup(id); ok && r.look().triggered != run {
			rules = append(rules, r)
		}
	}
	err := m.store.Update(func(tx *store.Tx) error {
		for _, r := range rules {
			s := r.look()
			s.triggered = run
			if err := s.save(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range rules {
		r.show(func(s *shown) { s.triggered = run })
	}
	return nil
}
