package rule

import (
	"context"
	"encoding/json"
	"time"

	"sluice/sqlengine"
)

// Rehearsal is a query with the rows that it gets. It needs no source and no
// sink, and no time passes: the clock is that of the rows.
type Rehearsal struct {
	SQL      string                       `json:"sql"`
	Options  json.RawMessage              `json:"options"`  // those of a rule
	Streams  map[string]string            `json:"streams"`  // statements, in place of the definitions of that name
	Rows     map[string][]json.RawMessage `json:"rows"`     // by stream; the first ones of all come first, and so on
	Meta     map[string][]json.RawMessage `json:"meta"`     // what meta() finds of each of them
	Interval int64                        `json:"interval"` // milliseconds between two rows of a stream; 0: a second
}

// Happening is what a Rehearsal yields at a time.
type Happening struct {
	Time   int64           `json:"time"` // milliseconds since the start
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"` // of a row that failed
}

// rehearsalStart is when every Rehearsal begins, so that its windows are the
// same each time.
var rehearsalStart = time.Unix(0, 0)

// Rehearse runs a query over the given rows and tells emit what it yields.
// Behind the last row time goes on until the windows are empty. The error is
// Rejected when query, streams or options are not right.
func (m *Manager) Rehearse(ctx context.Context, r Rehearsal, emit func(Happening) error) error {
	def, cat, findings := m.script(r)
	if len(findings) > 0 {
		return &Rejected{findings}
	}
	q, err := m.checker(cat).compile(def)
	if err != nil {
		return &Rejected{findingsOf(RuleKind, def.ID, err)}
	}
	s := &stage{ctx: ctx, query: q, emit: emit, interval: time.Second, now: rehearsalStart.UnixNano()}
	if r.Interval > 0 {
		s.interval = time.Duration(r.Interval) * time.Millisecond
	}
	parts, err := cast(r, q, cat)
	if err != nil {
		return err
	}
	return s.perform(parts)
}

// script reads the definitions of a rehearsal.
func (m *Manager) script(r Rehearsal) (*Definition, sqlengine.Catalog, []Finding) {
	p := m.newProposal()
	streams, tables := map[string]string{}, map[string]string{}
	for name, sql := range r.Streams {
		if st, err := sqlengine.ParseStatement(sql); err == nil && st.Table {
			tables[name] = sql
		} else {
			streams[name] = sql
		}
	}
	p.readStatements(streams, StreamKind)
	p.readStatements(tables, TableKind)
	rule := map[string]any{"id": "trial", "sql": r.SQL, "actions": []any{map[string]any{"nop": nil}}}
	if len(r.Options) > 0 {
		rule["options"] = r.Options
	}
	text, err := json.Marshal(rule)
	if err != nil {
		p.find(RuleKind, "trial", err)
		return nil, nil, p.findings
	}
	def, _, err := m.parse(string(text))
	p.find(RuleKind, "trial", err)
	cat := p.draft()
	for name := range r.Rows {
		if _, ok := cat.Stream(name); !ok {
			p.find(StreamKind, name, notFound(cat, StreamKind, name))
		}
	}
	return def, cat, p.findings
}
