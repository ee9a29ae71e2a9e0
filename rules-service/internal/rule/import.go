package rule

import (
	"errors"
	"math"
)

// Import takes what is right of a set of definitions, and says what is wrong
// with the rest. It is stored at once, however much it is.
func (m *Manager) Import(set Set) (taken []Change, wrong []Finding, err error) {
	for {
		taken, err = m.apply(set, math.MaxInt) // one round finds all
		var rejected *Rejected
		if !errors.As(err, &rejected) {
			return taken, wrong, err
		}
		blamed := set.blamed(rejected.Findings)
		if len(blamed) == 0 { // rules beside the set would not go on
			blamed = m.breaking(set)
		}
		if len(blamed) == 0 {
			return nil, wrong, err
		}
		for _, f := range blamed {
			set.drop(f)
		}
		wrong = append(wrong, blamed...)
	}
}

// blamed are the findings about definitions of the set.
func (s Set) blamed(findings []Finding) []Finding {
	var own []Finding
	for _, f := range findings {
		if _, ok := s.of(f.Kind)[f.Name]; ok {
			own = append(own, f)
		}
	}
	return own
}

func (s Set) of(k Kind) map[string]string {
	switch k {
	case StreamKind:
		return s.Streams
	case TableKind:
		return s.Tables
	}
	return s.Rules
}

func (s Set) drop(f Finding) { delete(s.of(f.Kind), f.Name) }

// breaking finds the streams and tables of a set that rules beside it would not
// compile with.
func (m *Manager) breaking(set Set) []Finding {
	var found []Finding
	for _, kind := range []Kind{StreamKind, TableKind} {
		for name, sql := range set.of(kind) {
			alone := Set{DryRun: true}
			if kind == StreamKind {
				alone.Streams = map[string]string{name: sql}
			} else {
				alone.Tables = map[string]string{name: sql}
			}
			if _, err := m.Apply(alone); err != nil {
				found = append(found, Finding{Kind: kind, Name: name, Message: err.Error()})
			}
		}
	}
	return found
}
