package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// Execute runs a statement about streams and answers in words.
func (m *Manager) Execute(sql string) (string, error) {
	st, err := parseStatement(sql)
	if err != nil {
		return "", err
	}
	switch st.Verb {
	case sqlengine.Create:
		return m.createStream(st, sql)
	case sqlengine.Drop:
		if _, err := m.streamOf(st); err != nil {
			return "", err
		}
		return m.DropStream(st.Name, false)
	case sqlengine.Show:
		return m.showStreams(st.Table), nil
	case sqlengine.Describe:
		def, err := m.streamOf(st)
		if err != nil {
			return "", err
		}
		return def.Describe(), nil
	}
	def, err := m.streamOf(st)
	if err != nil {
		return "", err
	}
	return m.explainStream(def)
}

// showStreams names all streams, or all tables, a line each.
func (m *Manager) showStreams(tables bool) string {
	names := m.StreamNames(tables)
	if len(names) == 0 {
		return fmt.Sprintf("No %s definitions are found.", kindOfStream(tables))
	}
	return strings.Join(names, "\n")
}

func parseStatement(sql string) (sqlengine.Statement, error) {
	st, err := sqlengine.ParseStatement(sql)
	var findings diag.List
	if errors.As(err, &findings) {
		return st, &Statement{hideExtra(sql), findings}
	}
	return st, err
}

func kindOfStream(table bool) Kind {
	if table {
		return TableKind
	}
	return StreamKind
}

func title(k Kind) string { return strings.ToUpper(string(k[:1])) + string(k[1:]) }

// Stream returns a definition.
func (m *Manager) Stream(name string) (*sqlengine.Stream, error) {
	if def, ok := m.catalog.Stream(name); ok {
		return def, nil
	}
	return nil, m.catalog.notFound(StreamKind, name)
}

// Definition returns a stream or, where one is wanted, a table.
func (m *Manager) Definition(name string, table bool) (*sqlengine.Stream, error) {
	if def, ok := m.catalog.Stream(name); ok && def.Table == table {
		return def, nil
	}
	return nil, m.catalog.notFound(kindOfStream(table), name)
}

func (m *Manager) streamOf(st sqlengine.Statement) (*sqlengine.Stream, error) {
	return m.Definition(st.Name, st.Table)
}

// Streams returns the definitions of all streams, or of all tables, in order.
func (m *Manager) Streams(tables bool) []*sqlengine.Stream {
	defs := []*sqlengine.Stream{}
	for _, name := range m.catalog.Names() {
		if def, ok := m.catalog.Stream(name); ok && def.Table == tables {
			defs = append(defs, def)
		}
	}
	return defs
}

// StreamNames names all streams, or all tables, in order.
func (m *Manager) StreamNames(tables bool) []string {
	names := []string{}
	for _, def := range m.Streams(tables) {
		names = append(names, def.Name)
	}
	return names
}

func (m *Manager) createStream(st sqlengine.Statement, sql string) (string, error) {
	m.change.Lock()
	defer m.change.Unlock()
	if m.closed {
		return "", ErrClosed
	}
	kind := title(kindOfStream(st.Table))
	if _, ok := m.catalog.Stream(st.Name); ok {
		return "", fmt.Errorf("%s %s already exists", strings.ToLower(kind), st.Name)
	}
	if err := m.keep(st.Stream, sql); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s is created.", kind, st.Name), nil
}

// keep checks a definition and stores it.
func (m *Manager) keep(def *sqlengine.Stream, sql string) error {
	if err := m.hub.Check(def); err != nil {
		return &Refused{fmt.Errorf("%s %s: %w", kindOfStream(def.Table), def.Name, err)}
	}
	if err := m.store.Update(entry{def, sql}.save); err != nil {
		return err
	}
	m.catalog.put(def, sql)
	return nil
}

// ReplaceStream gives a stream another definition, or creates it. The running
// rules that read it go over to the new one; when one of them could not, nothing
// changes.
func (m *Manager) ReplaceStream(name, sql string) (string, error) {
	st, err := parseStatement(sql)
	if err != nil {
		return "", err
	}
	if st.Verb != sqlengine.Create || st.Name != name {
		return "", fmt.Errorf("the statement must be CREATE %s %s …", strings.ToUpper(string(kindOfStream(st.Table))), name)
	}
	replaced := fmt.Sprintf("%s %s is replaced.", title(kindOfStream(st.Table)), name)
	if _, ok := m.catalog.Stream(name); !ok {
		_, err := m.createStream(st, sql)
		return replaced, err
	}
	m.change.Lock()
	defer m.change.Unlock()
	if m.closed {
		return "", ErrClosed
	}
	return replaced, m.replaceStream(st.Stream, sql)
}

func (m *Manager) replaceStream(def *sqlengine.Stream, sql string) error {
	old := m.catalog.entry(def.Name)
	switch {
	case old.def == nil:
		return m.keep(def, sql) // it was dropped meanwhile
	case old.sql == sql:
		return nil
	}
	if err := checkReplacement(old.def, def); err != nil {
		return err
	}
	p := m.newProposal()
	p.streams = []*streamChange{{name: def.Name, table: def.Table, deed: Update, now: entry{def, sql}, old: old}}
	if err := m.checker(p.draft()).stream(def); err != nil {
		return fmt.Errorf("stream %s: %w", def.Name, err)
	}
	p.planReaders()
	if len(p.findings) > 0 {
		f := p.findings[0]
		return fmt.Errorf("rule %s would not compile any more: %s; change or stop it first", f.Name, f.Message)
	}
	return p.carryOut()
}

// checkReplacement tells why a stream cannot get another definition.
func checkReplacement(old, def *sqlengine.Stream) error {
	if err := checkVersion(old.Options.Version, def.Options.Version); err != nil {
		return err
	}
	if old.Options.Shared != def.Options.Shared {
		return errors.New("SHARED cannot be changed; drop the stream and create it again")
	}
	if old.Table != def.Table {
		return fmt.Errorf("%s is a %s; drop it first", def.Name, kindOfStream(old.Table))
	}
	return nil
}

// readers are the rules that read a stream. Manager.change is held, so no rule
// changes. A rule that does not compile reads nothing.
func (m *Manager) readers(name string) []*rule {
	var found []*rule
	for _, r := range m.all() {
		if slices.Contains(m.reads(r), name) {
			found = append(found, r)
		}
	}
	return found
}

// reads names the streams that a rule reads.
func (m *Manager) reads(r *rule) []string {
	s := r.look()
	if s.reads != nil {
		return s.reads
	}
	queries, err := s.def.queries(m.checker(m.catalog).catalog)
	if err != nil {
		return nil
	}
	return streamsOf(queries)
}

// DropStream forgets a stream. One that a rule reads is kept unless it is
// forced: then the rules run on until they are stopped, and the log names them.
func (m *Manager) DropStream(name string, force bool) (string, error) {
	m.change.Lock()
	defer m.change.Unlock()
	if m.closed {
		return "", ErrClosed
	}
	def, ok := m.catalog.Stream(name)
	if !ok {
		return "", m.catalog.notFound(StreamKind, name)
	}
	kind := kindOfStream(def.Table)
	readers := m.readers(name)
	if len(readers) > 0 && !force {
		return "", fmt.Errorf("%s %s has been referenced by other rules: %s; delete them first, or drop it with force=true", kind, name, ids(readers))
	}
	if err := m.store.DeleteStream(name); err != nil {
		return "", err
	}
	m.catalog.delete(name)
	if len(readers) > 0 {
		m.log.Warn("a dropped stream is still referenced; the rules that run go on until they are stopped", string(kind), name, "rules", ids(readers))
	}
	return fmt.Sprintf("%s %s is dropped.", title(kind), name), nil
}

func ids(rules []*rule) string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.id
	}
	return strings.Join(names, ", ")
}

// explainStream tells what the rules read of a stream.
func (m *Manager) explainStream(def *sqlengine.Stream) (string, error) {
	m.change.RLock()
	defer m.change.RUnlock()
	var b strings.Builder
	for _, r := range m.readers(def.Name) {
		queries, err := r.look().def.queries(m.catalog)
		if err != nil {
			return "", err
		}
		var columns []string
		for _, q := range queries {
			for _, c := range q.Columns(def.Name) {
				columns = append(columns, c.Name)
			}
		}
		fmt.Fprintf(&b, "rule %s reads %s\n", r.id, strings.Join(columns, ", "))
	}
	if b.Len() == 0 {
		return "no rule reads " + def.Name, nil
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
