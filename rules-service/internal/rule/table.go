package rule

import (
	"errors"

	"sluice/rules-service/internal/hub"
	"sluice/sqlengine"
)

// defineTable keeps a lookup table connected as long as it is defined.
func (m *Manager) defineTable(name string, def *sqlengine.Stream) {
	if def == nil {
		m.hub.Undefine(name)
		return
	}
	if err := m.hub.Define(def); err != nil && !errors.Is(err, hub.ErrClosed) {
		m.log.Error("lookup table cannot be opened", "table", name, "error", err)
	}
}
