package plan

import (
	"fmt"
	"slices"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// joined finds the streams and tables of the joins, and refuses combinations
// of them that never have a result.
func (b *builder) joined() bool {
	b.tag = Computed
	for _, j := range b.query.Joins {
		if !b.addSource(j.Source) {
			return false
		}
	}
	if len(b.findings) > 0 || !b.checkSources() {
		return false
	}
	if b.joinsStreams() {
		b.tag = b.newColumn(ColumnInfo{Name: "source", Kind: value.Int, Source: Computed})
	}
	return true
}

func (b *builder) checkSources() bool {
	from := b.query.From
	switch streams := b.countStreams(); {
	case streams == 0 && len(b.query.Windows) > 0:
		b.find(diag.Unsupported, from.Span, "Join the table with a stream: FROM demo INNER JOIN "+syntax.Quote(from.Name.Name)+" ON ….",
			"cannot run window for TABLE sources: no row of a stream ever comes")
	case streams == 0 && len(b.sources) > 1:
		b.find(diag.Unsupported, from.Span, "Read a stream and join the tables.", "no stream is read: tables are joined with the rows of one")
	case streams == 0:
		b.find(diag.Unsupported, from.Span, "Read a stream and join the table.", "%q is a table: a query cannot read it alone", from.Name.Name)
	case b.sources[0].IsLookup():
		b.find(diag.Unsupported, from.Span, "Put the stream into FROM and join the table.", "%q is a lookup table: it is asked for rows of what stands to its left", from.Name.Name)
	case streams > 1 && len(b.query.Windows) == 0:
		b.find(diag.Misplaced, b.query.Joins[0].Span, "Add GROUP BY TUMBLINGWINDOW(ss, 10).", "a time window or count window is required to join multiple streams")
	default:
		return true
	}
	return false
}

func (b *builder) countStreams() int {
	n := 0
	for _, s := range b.sources {
		if !s.IsTable() {
			n++
		}
	}
	return n
}

// joinsStreams tells of a query that waits for the rows of several streams.
func (b *builder) joinsStreams() bool { return b.countStreams() > 1 }

// merge is the step that gives the rows of several streams one form.
func (b *builder) merge() Step {
	if b.tag == Computed {
		return nil
	}
	return &Merge{Tag: b.tag}
}

// joinParts binds the conditions of the joins.
func (b *builder) joinParts() []JoinPart {
	parts := make([]JoinPart, len(b.query.Joins))
	for i, j := range b.query.Joins {
		parts[i] = b.joinPart(i+1, j)
	}
	return parts
}

func (b *builder) joinPart(source int, j syntax.Join) JoinPart {
	p := JoinPart{Source: source, Kind: j.Kind}
	before := len(b.findings)
	if j.On != nil {
		on := b.condition(scope{clause: "ON", stage: stageWhere, joined: source + 1}, j.On)
		b.splitOn(&p, on)
	}
	if s := b.sources[source]; s.IsLookup() && len(p.Equal) == 0 && len(b.findings) == before {
		b.find(diag.Misplaced, j.Span, fmt.Sprintf("Write ON %s.key = %s.column, with both names in front.", syntax.Quote(s.Name), syntax.Quote(b.sources[0].Name)),
			"at least one equi-join predicate is required to look up table %q", s.Name)
	}
	return p
}

// splitOn sorts the conjuncts of ON into those by which rows are found and the
// rest.
func (b *builder) splitOn(p *JoinPart, x Expr) {
	if l, ok := x.(*Logic); ok && l.Op == syntax.And {
		b.splitOn(p, l.L)
		b.splitOn(p, l.R)
		return
	}
	if e, ok := b.equal(p, x); ok {
		p.Equal = append(p.Equal, e)
		return
	}
	if b.repeats(p, x) {
		return
	}
	if p.On == nil {
		p.On = x
		return
	}
	p.On = &Logic{syntax.And, p.On, x}
}

// equal reads a conjunct column = expression. A DATETIME may be kept as the
// text or number that came, so that equal ones need not have equal keys; of a
// lookup table it is the host who compares.
func (b *builder) equal(p *JoinPart, x Expr) (Equal, bool) {
	c, ok := x.(*Compare)
	if !ok || c.Op != syntax.Equal {
		return Equal{}, false
	}
	column, other := b.columnOfPart(p, c.L), c.R
	if column == nil {
		column, other = b.columnOfPart(p, c.R), c.L
	}
	if column == nil || slices.Contains(b.sourcesOf(other), p.Source) {
		return Equal{}, false
	}
	if !b.sources[p.Source].IsLookup() && (isTime(column) || isTime(other)) {
		return Equal{}, false
	}
	return Equal{column, other}, true
}

// repeats tells of a conjunct that is there already.
func (b *builder) repeats(p *JoinPart, x Expr) bool {
	again := JoinPart{Source: p.Source}
	e, ok := b.equal(&again, x)
	return ok && slices.ContainsFunc(p.Equal, func(o Equal) bool { return o.Column.ID == e.Column.ID && Format(o.X) == Format(e.X) })
}

// columnOfPart is x as a column that the part joins by; nil: it is none, or
// one that another conjunct names.
func (b *builder) columnOfPart(p *JoinPart, x Expr) *Column {
	c, ok := x.(*Column)
	if !ok || c.ID < 0 || b.columns[c.ID].Source != p.Source || b.columns[c.ID].Role != value.Field {
		return nil
	}
	if slices.ContainsFunc(p.Equal, func(e Equal) bool { return e.Column.ID == c.ID }) {
		return nil
	}
	return c
}

func isTime(x Expr) bool {
	c, ok := x.(*Column)
	return x.Kind() == value.Time || ok && c.Type == value.Time
}

// addJoin adds the step that combines rows.
func (b *builder) addJoin(p *Plan, parts []JoinPart) {
	if len(parts) == 0 {
		return
	}
	p.add(&Join{Tag: b.tag, Parts: parts})
	for _, a := range b.computed {
		if a.analytic != nil && a.at == stageEvery {
			b.columns[a.column.ID].Owner = b.owner(a.column)
		}
	}
}

// owner is the stream of what an analytic function has computed in front of
// the join: that of the columns that it reads, or else the first one.
func (b *builder) owner(c *Column) int {
	if sources := b.sourcesOfColumn(c); len(sources) > 0 {
		return sources[0]
	}
	return slices.IndexFunc(b.sources, func(s *Source) bool { return !s.IsTable() })
}
