package rule

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sluice/sqlengine"
)

// maxFindings bounds what is said about one set: who has misspelt the name of a
// stream in thousands of rules need not read it thousands of times.
const maxFindings = 200

// proposal is what an Apply would do, and what is wrong with it.
type proposal struct {
	m        *Manager
	anew     bool // see Set
	most     int  // findings that are looked for
	streams  []*streamChange
	rules    []*ruleChange
	readers  []*ruleChange // rules that stay as they are, but read streams that change
	findings []Finding
}

// streamChange is what becomes of a stream.
type streamChange struct {
	name  string
	table bool
	deed  Deed
	now   entry // without def: it goes
	old   entry // without def: there is none
}

// anew tells whether rules must be compiled again for it.
func (s *streamChange) anew() bool { return !reflect.DeepEqual(s.now.def, s.old.def) }

// ruleChange is what becomes of a rule.
type ruleChange struct {
	id       string
	deed     Deed
	def      *Definition // nil: it goes
	text     string
	warnings []string
	prepared *prepared

	rule  *rule // nil: there is none yet
	was   shown
	state []byte // that it had when it ended
}

func (m *Manager) newProposal() *proposal { return &proposal{m: m, most: maxFindings} }

func (p *proposal) find(kind Kind, name string, err error) {
	p.findings = append(p.findings, findingsOf(kind, name, err)...)
}

// full tells whether enough was found.
func (p *proposal) full() bool { return len(p.findings) >= p.most }

// readStatements parses the definitions of streams or tables.
func (p *proposal) readStatements(statements map[string]string, kind Kind) {
	for _, name := range sortedKeys(statements) {
		sql := statements[name]
		st, err := parseStatement(sql)
		switch {
		case p.full():
			return
		case err != nil:
			p.find(kind, name, err)
		case st.Verb != sqlengine.Create || kindOfStream(st.Table) != kind || st.Name != name:
			p.find(kind, name, fmt.Errorf("the statement must be CREATE %s %s …", strings.ToUpper(string(kind)), name))
		case slices.ContainsFunc(p.streams, func(s *streamChange) bool { return s.table != st.Table && s.name == name }):
			p.find(kind, name, fmt.Errorf("a stream and a table are both named %s", name))
		default:
			p.streams = append(p.streams, &streamChange{name: name, table: st.Table, now: entry{st.Stream, sql}})
		}
	}
}

// readRules parses the definitions of rules.
func (p *proposal) readRules(rules map[string]string) {
	for _, id := range sortedKeys(rules) {
		if p.full() {
			return
		}
		def, warnings, err := p.m.parse(rules[id])
		if err == nil && def.ID != id {
			err = fmt.Errorf("id %q in the rule is not the name %q that the set has for it", def.ID, id)
		}
		if err != nil {
			p.find(RuleKind, id, err)
			continue
		}
		p.rules = append(p.rules, &ruleChange{id: id, def: def, text: rules[id], warnings: warnings})
	}
}

// prune deletes what is not in the set, but for what is temporary. From here on
// Manager.change is held.
func (p *proposal) prune() {
	named := map[string]bool{}
	for _, s := range p.streams {
		named[s.name] = true
	}
	for _, name := range p.m.catalog.Names() {
		if def, ok := p.m.catalog.Stream(name); ok && !named[name] && !def.Options.Temp {
			p.streams = append(p.streams, &streamChange{name: name, table: def.Table})
		}
	}
	wanted := map[string]bool{}
	for _, r := range p.rules {
		wanted[r.id] = true
	}
	for _, r := range p.m.all() {
		if s := r.look(); !wanted[r.id] && !s.def.Temp {
			p.rules = append(p.rules, &ruleChange{id: r.id})
		}
	}
}

// drop deletes rules. Some may be gone already.
func (p *proposal) drop(ids []string) {
	for _, id := range ids {
		if _, there := p.m.lookup(id); there {
			p.rules = append(p.rules, &ruleChange{id: id})
		}
	}
}

// planStreams compares the streams with those that there are.
func (p *proposal) planStreams() {
	for _, s := range p.streams {
		s.old = p.m.catalog.entry(s.name)
		switch {
		case s.now.def == nil:
			s.deed = Deletion
		case s.old.def == nil:
			s.deed = Creation
		case strings.TrimSpace(s.old.sql) == strings.TrimSpace(s.now.sql):
			s.deed = Unchanged
		default:
			s.deed = Update
			if !p.anew {
				p.find(kindOfStream(s.table), s.name, checkReplacement(s.old.def, s.now.def))
			}
		}
	}
}

// planRules compares the rules with those that there are, and prepares those
// that are new.
func (p *proposal) planRules() {
	c := p.m.checker(p.draft())
	for _, s := range p.streams {
		if !p.full() && s.now.def != nil && s.deed != Unchanged {
			p.find(kindOfStream(s.table), s.name, c.stream(s.now.def))
		}
	}
	for _, r := range p.rules {
		if p.full() {
			return
		}
		p.planRule(c, r)
	}
}

func (p *proposal) planRule(c *checker, r *ruleChange) {
	if old, ok := p.m.lookup(r.id); ok {
		r.rule, r.was = old, old.look()
	}
	var err error
	switch {
	case r.def == nil:
		r.deed = Deletion
		return
	case r.rule == nil:
		r.deed = Creation
	case sameJSON(r.was.text, r.text) && r.was.triggered == r.def.Triggered:
		r.deed, r.warnings = Unchanged, nil
		return // a change of its streams is looked at below
	default:
		r.deed = Update
		if !sameJSON(r.was.text, r.text) && !p.anew {
			p.find(RuleKind, r.id, checkVersion(r.was.def.Version, r.def.Version))
		}
	}
	if r.prepared, err = c.prepare(r.def); err != nil {
		p.find(RuleKind, r.id, err)
		return
	}
	r.warnings = append(r.warnings, r.prepared.warnings...)
}

// planReaders prepares the rules that stay as they are but read a stream that
// changes.
func (p *proposal) planReaders() {
	d := p.draft()
	stay := map[string]bool{}
	for _, r := range p.rules {
		stay[r.id] = r.deed == Unchanged
	}
	c := p.m.checker(d)
	for _, r := range p.m.all() {
		if len(d.changed) == 0 || p.full() {
			return
		}
		if same, named := stay[r.id]; named && !same || !slices.ContainsFunc(p.m.reads(r), d.changes) {
			continue
		}
		was := r.look()
		prepared, err := c.prepare(was.def)
		switch {
		case err == nil && was.triggered:
			p.readers = append(p.readers, &ruleChange{id: r.id, deed: Update, def: was.def, text: was.text, prepared: prepared, rule: r, was: was})
		case err != nil && (was.running() || stay[r.id]):
			for _, f := range findingsOf(RuleKind, r.id, err) {
				f.Message = "it reads a stream that changes: " + f.Message
				p.findings = append(p.findings, f)
			}
		}
	}
}

// draft is the catalog with the streams as they would be.
func (p *proposal) draft() draft {
	d := draft{p.m.catalog, map[string]*sqlengine.Stream{}}
	for _, s := range p.streams {
		if s.anew() {
			d.changed[s.name] = s.now.def
		}
	}
	return d
}

// touched are the rules that end or begin.
func (p *proposal) touched() []*ruleChange {
	list := slices.Clone(p.readers)
	for _, r := range p.rules {
		if r.deed != Unchanged {
			list = append(list, r)
		}
	}
	return list
}

// inputs names the streams that the new rules read.
func (p *proposal) inputs() []string {
	names := map[string]bool{}
	for _, r := range p.touched() {
		if r.prepared != nil {
			for _, name := range r.prepared.reads() {
				names[name] = true
			}
		}
	}
	return slices.Collect(maps.Keys(names))
}

// sameJSON tells whether two texts hold the same, but for blanks and the order
// of keys.
func sameJSON(a, b string) bool {
	return a == b || reflect.DeepEqual(plainJSON(a), plainJSON(b))
}

func plainJSON(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var x any
	_ = d.Decode(&x) // both have been read before
	return x
}
