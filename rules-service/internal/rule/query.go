package rule

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Entry is a rule in the list of rules.
type Entry struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Status  State    `json:"status"`
	Tags    []string `json:"tags"`
	Trace   bool     `json:"trace"`
	Version string   `json:"version"`
}

// List lists the rules that a filter picks, sorted by id. The total counts
// those on other pages, too.
func (m *Manager) List(f Filter) (entries []Entry, total int) {
	entries = []Entry{}
	rules, total := m.filtered(f)
	for _, r := range rules {
		s := r.look()
		entries = append(entries, Entry{ID: r.id, Name: s.def.Name, Status: s.state, Tags: s.def.Tags, Version: s.def.Version})
	}
	return entries, total
}

// Text is the JSON of a rule: as it was sent, until a start or stop changed
// what is wanted of it.
func (m *Manager) Text(id string) (string, error) {
	r, err := m.find(id)
	if err != nil {
		return "", err
	}
	s := r.look()
	return s.wantedText()
}

// wantedText is the JSON of the rule with what is wanted of it now.
func (s *shown) wantedText() (string, error) {
	if s.def.Triggered == s.triggered {
		return s.text, nil
	}
	return withKey(s.text, "triggered", s.triggered)
}

// withKey sets a key in the JSON of a rule.
func withKey(text, key string, to any) (string, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &keys); err != nil {
		return "", fmt.Errorf("read stored rule: %w", err)
	}
	maps.DeleteFunc(keys, func(name string, _ json.RawMessage) bool { return strings.EqualFold(name, key) })
	val, err := json.Marshal(to)
	if err != nil {
		return "", err
	}
	keys[key] = val
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err = enc.Encode(keys)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// Validate checks the JSON of a rule as Create does, and returns the streams
// that it reads.
func (m *Manager) Validate(text string) (streams, warnings []string, err error) {
	def, warnings, err := m.parse(text)
	if err != nil {
		return nil, warnings, err
	}
	m.change.RLock()
	defer m.change.RUnlock()
	p, err := m.prepare(def)
	if err != nil {
		return nil, warnings, err
	}
	return p.reads(), append(warnings, p.warnings...), nil
}

// Explain is the plan of a rule.
func (m *Manager) Explain(id string) (string, error) {
	r, err := m.find(id)
	if err != nil {
		return "", err
	}
	m.change.RLock()
	defer m.change.RUnlock()
	p, err := m.prepare(r.look().def)
	if err != nil {
		return "", err
	}
	return p.query.Explain(), nil
}

// Topo is the way of the rows through a rule.
type Topo struct {
	Sources []string            `json:"sources"`
	Edges   map[string][]string `json:"edges"`
}

// Topo draws a rule that runs or has run.
func (m *Manager) Topo(id string) (*Topo, error) {
	r, err := m.find(id)
	if err != nil {
		return nil, err
	}
	s := r.look()
	if s.run == nil {
		return nil, fmt.Errorf("rule %s has not run yet; start it first", id)
	}
	return topo(s.figures()), nil
}

// topo chains sources, operators and sinks.
func topo(f *figures) *Topo {
	t := &Topo{Edges: map[string][]string{}}
	for _, s := range f.hub.Sources {
		t.Sources = append(t.Sources, "source_"+sourceName(s.Stream))
	}
	from := t.Sources
	link := func(to string) {
		for _, f := range from {
			t.Edges[f] = append(t.Edges[f], to)
		}
	}
	for _, op := range f.hub.Operators {
		link("op_" + op.Name)
		from = []string{"op_" + op.Name}
	}
	for _, s := range f.sinks {
		link("sink_" + s.Name)
	}
	return t
}
