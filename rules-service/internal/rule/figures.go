package rule

import (
	"iter"

	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/hub"
	"sluice/sqlengine"
)

// Figures are what is measured of a rule.
type Figures struct {
	ID        string
	State     State
	Sources   []hub.SourceStats
	Operators []sqlengine.OpStats
	Sinks     []delivery.SinkStats
}

// Figures goes through the rules in the order of their ids. Those of a rule
// that has ended are the last it had.
func (m *Manager) Figures() iter.Seq[Figures] {
	return func(yield func(Figures) bool) {
		for _, r := range m.all() {
			s := r.look()
			f := s.figures()
			if !yield(Figures{ID: r.id, State: s.state, Sources: f.hub.Sources, Operators: f.hub.Operators, Sinks: f.sinks}) {
				return
			}
		}
	}
}

// Count is how many rules there are.
func (m *Manager) Count() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.rules)
}

// States are all states that a rule can be in.
var States = []State{Running, Stopped, Starting, Stopping, Failed, Waiting}
