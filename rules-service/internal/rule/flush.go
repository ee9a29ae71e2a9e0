package rule

import "context"

// flushInner makes the sinks that write to other rules write what the rules have
// yielded so far.
func (m *Manager) flushInner(ctx context.Context) {
	for _, r := range m.all() {
		s := r.look()
		if !s.running() {
			continue
		}
		for i, a := range s.def.Actions {
			if !m.inner(a.Type) {
				continue
			}
			t := s.run.targets[i]
			if err := t.Settle(ctx, t.Mark()); err != nil {
				m.log.Debug("rows for other rules", "rule", r.id, "error", err)
			}
		}
	}
}

// inner tells whether a type of sinks writes what rules of the service read.
func (m *Manager) inner(sink string) bool {
	info, err := m.registry.Source(sink)
	return err == nil && info.Inner
}
