package plan

import (
	"fmt"
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

	source     *Source
	columns    []ColumnInfo
	read       map[readKey]int // columns of the stream by what they read
	grouped    map[int]bool    // columns that exist once a group only
	aliases    map[string]*alias
	ordered    []*alias // as their binding ended: what an alias reads stands before it
	aggregates []AggregateCall
	scope      scope
}

type readKey struct {
	name string
	role value.Role
}

// stage is the part of a query in which an expression is evaluated.
type stage uint8

const (
	stageWhere stage = iota // every row
	stageRow                // rows that passed WHERE: group keys and arguments of aggregates
	stageOut                // results: of rows, or of groups
)

// scope is where the expression being bound stands.
type scope struct {
	clause    string
	stage     stage
	aggregate string // the aggregate whose argument it is
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
	if !b.from() {
		return nil
	}
	b.joins()
	b.declareAliases()
	where := b.where()
	window := b.window()
	filter := b.windowFilter()
	keys := b.groupKeys()
	items := b.selectList()
	having := b.having(keys)
	order := b.order()
	limit, limited := b.limit()
	if len(b.findings) > 0 {
		return nil
	}
	b.lowerAliases()
	b.readComputed(items)
	p := &Plan{Source: b.source, Columns: b.columns}
	p.add(b.extend(stageWhere))
	p.add(where)
	p.add(b.extend(stageRow))
	p.add(filter)
	p.add(b.grouping(window, keys))
	p.add(b.extend(stageOut))
	p.add(having)
	if window != nil {
		p.add(order)
		if limited {
			p.add(&Limit{limit})
		}
	}
	p.add(&Project{items})
	p.prune()
	p.Output = outputSchema(items)
	return p
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

func (b *builder) where() Step {
	if b.query.Where == nil {
		return nil
	}
	return &Filter{b.condition(scope{clause: "WHERE", stage: stageWhere}, b.query.Where)}
}
