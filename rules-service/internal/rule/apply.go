package rule

import (
	"cmp"
	"slices"
)

// Set is definitions that belong together.
type Set struct {
	Streams map[string]string // CREATE STREAM statements by name
	Tables  map[string]string // CREATE TABLE statements by name
	Rules   map[string]string // JSON by id
	Delete  []string          // ids of rules that go, if there are such
	Prune   bool              // what is not in the set is deleted, but for what is temporary
	DryRun  bool              // nothing is changed
	Anew    bool              // versions do not count, as if there had been nothing before
}

// Deed is what an Apply does to a definition.
type Deed string

// The deeds.
const (
	Creation  Deed = "create"
	Update    Deed = "update"
	Unchanged Deed = "unchanged"
	Deletion  Deed = "delete"
)

// Change is what became of one definition.
type Change struct {
	Kind     Kind     `json:"kind"`
	Name     string   `json:"name"`
	Action   Deed     `json:"action"`
	Warnings []string `json:"warnings,omitempty"`
}

// Apply takes a set of definitions: all of it, or nothing. The error is
// Rejected when some of them are not right. What is equal already runs on
// undisturbed; rules that read a stream which changes go over to the new one.
func (m *Manager) Apply(set Set) ([]Change, error) { return m.apply(set, maxFindings) }

// apply looks for at most so many findings.
func (m *Manager) apply(set Set, most int) ([]Change, error) {
	if len(set.Rules) >= many {
		defer thrifty()()
		defer m.giveBack()
	}
	p := m.newProposal()
	p.most = most
	p.anew = set.Anew
	p.readStatements(set.Streams, StreamKind)
	p.readStatements(set.Tables, TableKind)
	p.readRules(set.Rules)
	m.change.Lock()
	defer m.change.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	if set.Prune {
		p.prune()
	} else {
		p.drop(set.Delete)
	}
	p.planStreams()
	p.planRules()
	p.planReaders()
	if len(p.findings) > 0 {
		return nil, &Rejected{p.findings}
	}
	if !set.DryRun {
		if err := p.carryOut(); err != nil {
			return nil, err
		}
	}
	return p.changes(), nil
}

// changes lists what was done, in the order of kinds and names.
func (p *proposal) changes() []Change {
	list := []Change{}
	for _, s := range p.streams {
		list = append(list, Change{kindOfStream(s.table), s.name, s.deed, nil})
	}
	for _, r := range p.rules {
		list = append(list, Change{RuleKind, r.id, r.deed, r.warnings})
	}
	rank := []Kind{StreamKind, TableKind, RuleKind}
	slices.SortStableFunc(list, func(a, b Change) int {
		return cmp.Or(slices.Index(rank, a.Kind)-slices.Index(rank, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return list
}
