package plan

import (
	"fmt"
	"slices"
	"sync"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// builtin is filled once: that takes longer than planning a query.
var builtin = sync.OnceValue(function.Builtin)

// builder plans one query. Findings are collected, so that one attempt shows
// everything that is wrong.
type builder struct {
	query     *syntax.Select
	catalog   Catalog
	settings  Settings
	functions *function.Set
	findings  diag.List

	sources    []*Source
	tag        int // the column that tells the source of a row; Computed: there is one stream
	columns    []ColumnInfo
	read       map[readKey]int // columns of the sources by what they read
	grouped    map[int]bool    // columns that exist once a group only
	aliases    map[string]*alias
	computed   []*alias // as their binding ended: what one reads stands before it
	aggregates []AggregateCall
	totals     []AggregateCall // aggregates in WHERE
	plainRows  bool            // the window gives rows: nothing in the select list folds them
	rowTotals  []AggregateCall // aggregates in HAVING and ORDER BY of such a window
	numbers    []*RowNumber
	dedup      *DedupTrigger // nil: slots are not asked for
	delayed    Expr          // milliseconds; nil: rows are not held back
	unnested   *Unnest       // nil: rows stay as they are
	hits       bool          // rows that pass WHERE are counted
	aggHits    bool          // results that pass HAVING are counted
	params     []ParamInfo
	inlined    int // aliases that stood for their definitions
	scope      scope
}

type readKey struct {
	source int
	name   string
	role   value.Role
}

// stage is the part of a query in which an expression is evaluated.
type stage uint8

const (
	stageEvery  stage = iota // every row of the stream: what analytic functions see
	stageWhere               // rows that WHERE is asked about
	stageRow                 // rows that passed WHERE: group keys and arguments of aggregates
	stageOut                 // results: of rows, or of groups
	stageSorted              // results in their order
)

// scope is where the expression being bound stands.
type scope struct {
	clause    string
	stage     stage
	aggregate string // the aggregate whose argument it is
	joined    int    // in ON: so many sources stand to its left or are joined by it
	self      *alias // the alias whose definition it is
}

func newBuilder(s *syntax.Select, cat Catalog, set Settings) *builder {
	b := &builder{query: s, catalog: cat, settings: set, functions: set.Functions,
		read: map[readKey]int{}, grouped: map[int]bool{}, aliases: map[string]*alias{}}
	if b.functions == nil {
		b.functions = builtin()
	}
	return b
}

func (b *builder) find(code diag.Code, span diag.Span, hint, format string, args ...any) {
	b.findings = append(b.findings, &diag.Error{Code: code, Span: span, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (b *builder) build() *Plan {
	if !b.from() || !b.joined() {
		return nil
	}
	b.sendMeta()
	b.declareAliases()
	parts := b.joinParts()
	where := b.where()
	spec := b.window()
	filter := b.windowFilter()
	keys := b.groupKeys()
	items := b.selectList()
	b.plainRows = spec != nil && b.groups(keys) == nil
	having := b.having(keys)
	order := b.order()
	b.foldTotals()
	limit := b.limit()
	if len(b.findings) > 0 {
		return nil
	}
	b.lowerAliases()
	b.readComputed(items)
	c := clauses{parts, where, spec, filter, keys}
	having = b.countHits(&c, having)
	p := &Plan{Sources: b.sources, EventTime: b.settings.EventTime}
	p.add(b.merge())
	p.add(b.watermark())
	p.add(b.split())
	p.add(b.extend(stageEvery))
	b.groupRows(p, c)
	p.add(b.extend(stageOut))
	if having != nil {
		p.add(having)
	}
	for _, r := range b.numbers {
		p.add(r)
	}
	several := spec != nil || len(parts) > 0 // rows in a result
	if several {
		p.add(order)
	}
	if b.dedup != nil {
		p.add(b.dedup)
	}
	p.add(b.extend(stageSorted))
	unnest := b.unnest(items)
	if unnest == nil && (several || b.wantsNothing()) {
		p.add(limit)
	}
	p.add(b.hold())
	p.add(&Project{items})
	if unnest != nil {
		p.add(unnest)
		p.add(limit)
	}
	p.Columns, p.Params = b.columns, b.params
	p.prune()
	p.Output = outputSchema(items)
	return p
}

// clauses are the bound clauses that choose and group rows; nil stands for one
// that the query does not have.
type clauses struct {
	parts  []JoinPart
	where  *Filter
	window WindowSpec
	filter Step
	keys   []Expr
}

// groupRows adds the steps from the rows of the stream to those of the result.
func (b *builder) groupRows(p *Plan, c clauses) {
	groups := b.groups(c.keys)
	keyless := len(c.keys) == 0
	switch {
	case c.window == nil:
		b.addJoin(p, c.parts)
		b.addWhere(p, c.where)
		p.add(b.extend(stageRow))
		p.add(foldEach(groups, c.parts))
	case !b.whereBehind() && len(c.parts) == 0:
		b.addWhere(p, c.where)
		p.add(b.extend(stageRow))
		p.add(c.filter)
		p.add(&Window{Spec: c.window, Groups: groups, Keyless: keyless})
	case b.windowCanGroup(c, groups):
		p.add(c.filter)
		w := &Window{Spec: c.window, Early: b.computations(stageWhere), Late: b.computations(stageRow), Groups: groups, Keyless: keyless}
		if c.where != nil {
			w.Where = c.where.Cond
		}
		p.add(w)
	default:
		p.add(c.filter)
		p.add(&Window{Spec: c.window})
		b.addJoin(p, c.parts)
		b.addWhere(p, c.where)
		p.add(b.extend(stageRow))
		if groups != nil {
			p.add(&Group{groups, keyless})
		}
	}
	if b.rowTotals != nil {
		p.add(&Totals{Aggregates: b.rowTotals})
	}
}

// windowCanGroup tells whether a window that WHERE stands behind may ask it,
// and fold groups, as the rows come: nothing in between needs the window whole.
func (b *builder) windowCanGroup(c clauses, groups *Groups) bool {
	if groups == nil || len(c.parts) > 0 || b.totals != nil {
		return false
	}
	list := groups.exprs()
	for _, it := range append(b.computations(stageWhere), b.computations(stageRow)...) {
		if it.Analytic != nil {
			return false
		}
		list = append(list, it.X)
	}
	if c.where != nil {
		list = append(list, c.where.Cond)
	}
	return !c.countsHits() && !slices.ContainsFunc(list, readsWindow)
}

func (c clauses) countsHits() bool { return c.where != nil && c.where.Hits }

func (b *builder) addWhere(p *Plan, where *Filter) {
	p.add(b.extend(stageWhere))
	if b.totals != nil {
		p.add(&Totals{Aggregates: b.totals})
	}
	if where != nil {
		p.add(where)
	}
}

// add appends a step; nil stands for a clause that the query does not have.
func (p *Plan) add(s Step) {
	if s != nil {
		p.Steps = append(p.Steps, s)
	}
}

// within binds an expression of a clause.
func (b *builder) within(s scope, e syntax.Expr) Expr {
	outer := b.scope
	b.scope = s
	defer func() { b.scope = outer }()
	return b.bind(e)
}

// condition binds an expression that must be a truth value.
func (b *builder) condition(s scope, e syntax.Expr) Expr {
	x := b.within(s, e)
	if k := x.Kind(); k != value.Null && k != value.Bool {
		b.find(diag.TypeMismatch, e.At(), "Compare it with something.", "%s needs a condition, this is a %s", s.clause, k)
	}
	return x
}

func (b *builder) where() *Filter {
	if b.query.Where == nil {
		return nil
	}
	return &Filter{Clause: "WHERE", Cond: b.condition(scope{clause: "WHERE", stage: stageWhere}, b.query.Where)}
}
