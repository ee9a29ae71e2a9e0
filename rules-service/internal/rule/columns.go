package rule

import (
	"slices"

	"sluice/sqlengine/value"
)

// ColumnsRead names the columns of a stream that rules read, in order.
func (m *Manager) ColumnsRead(stream string) []string {
	m.change.RLock()
	defer m.change.RUnlock()
	var names []string
	for _, r := range m.readers(stream) {
		queries, err := r.look().def.queries(m.catalog)
		if err != nil {
			continue // it reads nothing as it is
		}
		for _, q := range queries {
			for _, c := range q.Columns(stream) {
				if c.Role == value.Field {
					names = append(names, c.Name)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
