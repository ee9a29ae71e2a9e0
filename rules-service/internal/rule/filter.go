package rule

import (
	"slices"
	"strings"
)

// Filter picks rules; what it leaves empty picks all.
type Filter struct {
	Tags   []string // the rule has all of these
	Status State
	Text   string // part of the id or the name, without regard to case
	Page   Page
}

// Page is a part of a list.
type Page struct {
	Offset int
	Limit  int // 0: all that follow
}

// Of is the range of a list of n that stands on the page.
func (p Page) Of(n int) (from, to int) {
	from = min(p.Offset, n)
	if p.Limit == 0 || p.Limit > n-from {
		return from, n
	}
	return from, from + p.Limit
}

// filtered are the rules on the page of those that a filter picks, sorted by
// id, and the number of all that it picks.
func (m *Manager) filtered(f Filter) (rules []*rule, total int) {
	rules = m.all()
	text := strings.ToLower(f.Text)
	if len(f.Tags) > 0 || f.Status != "" || text != "" {
		rules = slices.DeleteFunc(rules, func(r *rule) bool {
			s := r.look()
			return f.Status != "" && s.state != f.Status || !s.def.hasTags(f.Tags) || !s.def.mentions(text)
		})
	}
	from, to := f.Page.Of(len(rules))
	return rules[from:to], len(rules)
}

func (d *Definition) hasTags(tags []string) bool {
	return !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(d.Tags, tag) })
}

func (d *Definition) mentions(lower string) bool {
	return strings.Contains(strings.ToLower(d.ID), lower) || strings.Contains(strings.ToLower(d.Name), lower)
}
