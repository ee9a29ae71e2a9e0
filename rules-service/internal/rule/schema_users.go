package rule

import (
	"fmt"
	"slices"
)

// SchemaUsers names the streams and rules that use a message of the schema
// registry, such as "stream demo", by the id of the message.
func (m *Manager) SchemaUsers() map[string][]string {
	m.change.RLock()
	defer m.change.RUnlock()
	users := map[string][]string{}
	add := func(id, user string) {
		if id != "" && !slices.Contains(users[id], user) {
			users[id] = append(users[id], user)
		}
	}
	for _, name := range m.catalog.Names() {
		if def, ok := m.catalog.Stream(name); ok {
			add(m.hub.Schema(def), fmt.Sprintf("%s %s", kindOfStream(def.Table), name))
		}
	}
	for _, r := range m.all() {
		m.eachSchema(r.look().def, func(id string) { add(id, "rule "+r.id) })
	}
	return users
}

// eachSchema tells of the messages that a rule uses by itself.
func (m *Manager) eachSchema(def *Definition, tell func(id string)) {
	for _, s := range def.streams {
		tell(m.hub.Schema(s))
	}
	for _, a := range def.Actions {
		tell(m.pool.Schema(a.Type, a.Props))
	}
}
