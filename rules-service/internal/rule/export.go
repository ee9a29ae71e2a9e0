package rule

import (
	"slices"

	"sluice/sqlengine"
)

// Definitions returns the texts of all streams, tables and rules, but for those
// that are temporary. What a rule is wanted to do stands in its text.
func (m *Manager) Definitions() (Set, error) {
	set := Set{Streams: map[string]string{}, Tables: map[string]string{}, Rules: map[string]string{}}
	for _, name := range m.catalog.Names() {
		m.export(set, name)
	}
	for _, r := range m.all() {
		if err := set.addRule(r); err != nil {
			return set, err
		}
	}
	return set, nil
}

func (m *Manager) export(set Set, name string) {
	e := m.catalog.entry(name)
	if e.def == nil || e.def.Options.Temp {
		return
	}
	set.of(kindOfStream(e.def.Table))[name] = e.sql
}

func (s Set) addRule(r *rule) error {
	shown := r.look()
	if shown.def.Temp {
		return nil
	}
	text, err := shown.wantedText()
	if err != nil {
		return err
	}
	s.Rules[r.id] = text
	return nil
}

// Needed returns the texts of some rules and of the streams and tables that
// they read, and a function that tells whether one of these uses a reference.
func (m *Manager) Needed(ids []string) (Set, func(Reference) bool, error) {
	m.change.RLock()
	defer m.change.RUnlock()
	set := Set{Streams: map[string]string{}, Tables: map[string]string{}, Rules: map[string]string{}}
	var rules []*rule
	var defs []*sqlengine.Stream
	for _, id := range ids {
		r, err := m.find(id)
		if err != nil {
			return set, nil, err
		}
		if err := set.addRule(r); err != nil {
			return set, nil, err
		}
		rules = append(rules, r)
		for _, name := range m.reads(r) {
			m.export(set, name)
			if def, ok := m.catalog.Stream(name); ok {
				defs = append(defs, def)
			}
		}
	}
	uses := func(ref Reference) bool {
		return slices.ContainsFunc(defs, func(def *sqlengine.Stream) bool { return m.streamUses(def, ref) }) ||
			slices.ContainsFunc(rules, func(r *rule) bool { return m.sends(r, ref) })
	}
	return set, uses, nil
}
