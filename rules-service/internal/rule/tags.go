package rule

import "slices"

// SetTags gives a rule these tags in place of its own. It runs on.
func (m *Manager) SetTags(id string, tags []string) error {
	return m.changeTags(id, func([]string) []string { return tags })
}

// AddTags gives a rule these tags, too.
func (m *Manager) AddTags(id string, tags []string) error {
	return m.changeTags(id, func(old []string) []string { return append(slices.Clone(old), tags...) })
}

// RemoveTags takes these tags off a rule.
func (m *Manager) RemoveTags(id string, tags []string) error {
	return m.changeTags(id, func(old []string) []string {
		return slices.DeleteFunc(slices.Clone(old), func(tag string) bool { return slices.Contains(tags, tag) })
	})
}

func (m *Manager) changeTags(id string, change func([]string) []string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		tags := each(change(r.def.Tags))
		if slices.Equal(tags, r.def.Tags) {
			return nil
		}
		text, err := withKey(r.text, "tags", tags)
		if err != nil {
			return err
		}
		s := r.look()
		def := *r.def
		def.Tags = tags
		s.def, s.text = &def, text
		if err := m.store.Update(s.save); err != nil {
			return err
		}
		r.def, r.text = s.def, text
		r.show(func(s *shown) { s.def, s.text = &def, text })
		return nil
	})
}

// each returns every text once, in the order of their first places.
func each(list []string) []string {
	once := []string{}
	for _, text := range list {
		if !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

// Tagged names the rules that have all these tags, sorted by id.
func (m *Manager) Tagged(tags []string) []string {
	names := []string{}
	rules, _ := m.filtered(Filter{Tags: tags})
	for _, r := range rules {
		names = append(names, r.id)
	}
	return names
}
