package plan

import (
	"slices"
	"time"

	"sluice/sqlengine/function"
)

// Step is one operator of the plan.
type Step interface {
	// Name is the kind of the operator.
	Name() string
	// exprs are the expressions that the step evaluates on the rows it gets.
	exprs() []Expr
}

// Merge gives the rows of several streams one form: the columns of all of
// them, and a tag. It is the first step of a query that joins streams.
type Merge struct {
	Tag     int   // the column that holds the index of the row's source
	Columns []int // of all streams
}

// Watermark puts rows into the order of their event time and drops those that
// come too late.
type Watermark struct {
	Tag   int // see Merge; Computed: there is one stream
	Times []Timestamp
	Late  time.Duration
	Idle  time.Duration // 0: a silent stream holds the others back for ever
}

// Timestamp is where the rows of a stream have their event time.
type Timestamp struct {
	Source int
	X      Expr
	Format string // pattern of a text, or ""
}

// Filter passes the rows of a condition: WHERE, or the FILTER of a window.
type Filter struct {
	Clause string
	Cond   Expr
	Hits   bool // rows that pass count as hits of the rule: last_hit_count()
}

// Extend computes columns that more than one clause reads, once a row.
type Extend struct {
	Keep  []int // columns that later steps read
	Items []Computation
}

// Computation is a column that an Extend computes, by an expression or by an
// analytic function; it may read those in front of it.
type Computation struct {
	ID       int
	X        Expr
	Analytic *AnalyticCall // nil: X is computed
}

// AnalyticCall is one call of a function that remembers former rows.
type AnalyticCall struct {
	Bound     *function.BoundAnalytic
	Args      []Expr
	Partition []Expr // one state for each value of them
	When      Expr   // rows without it leave the state alone; nil: all rows count
	Own       Expr   // rows without it are of another stream of the join and have no result; nil: all are its own
	Text      string // as the query has it
}

// Window collects rows and emits them, or their groups, when the window ends.
type Window struct {
	Spec WindowSpec
	// Where is the WHERE of a window that counts or sees all rows: one that
	// fails it is no content. nil: there is none, or it is a step of its own.
	Where   Expr
	Early   []Computation // for WHERE: of each row that comes
	Late    []Computation // for the groups: of each row that passes it
	Groups  *Groups       // nil: the rows themselves are emitted
	Keyless bool          // there are no GROUP BY expressions: an empty window has a result too
}

// Join combines the rows of a window, or of one row, with those of the other
// sources, from left to right.
type Join struct {
	Tag   int // see Merge; Computed: all rows are of the first source
	Parts []JoinPart
	Keep  []int // columns that later steps read
}

// JoinPart is one JOIN.
type JoinPart struct {
	Source int
	Kind   string  // INNER, LEFT, RIGHT, FULL or CROSS
	Equal  []Equal // the conjuncts of ON that compare a column of this source with what stands to its left
	On     Expr    // the other conjuncts; nil: none
	Reads  []int   // columns of this source that the query reads
}

// Equal is a conjunct column = expression of ON.
type Equal struct {
	Column *Column // of the joined source
	X      Expr    // of the sources to its left
}

// Totals adds to each row of a window aggregates over all its rows: the
// aggregates that stand in WHERE, and those in HAVING and ORDER BY where the
// rows are not grouped.
type Totals struct {
	Aggregates []AggregateCall
	Keep       []int
}

// Aggregate makes each row its own group: aggregates without a window.
type Aggregate struct{ Groups *Groups }

// Group folds the rows of a window into groups, where the window itself could
// not.
type Group struct {
	Groups  *Groups
	Keyless bool
}

// Groups tells how rows are folded into groups.
type Groups struct {
	Keys       []Expr
	Aggregates []AggregateCall
	Keep       []int // columns that later steps read; a group has those of its first row
}

// AggregateCall is one aggregate over the rows of a group.
type AggregateCall struct {
	ID       int // of the column that holds the result
	Function *function.Aggregate
	Args     []Expr
	Filter   Expr   // rows without it are left out; nil: none are
	Distinct bool   // equal arguments count once
	Text     string // as the query has it
}

// Having passes the groups of HAVING.
type Having struct {
	Cond Expr
	Hits bool // results that pass count: last_agg_hit_count()
}

// RowNumber numbers the rows of a window: row_number().
type RowNumber struct {
	ID        int
	Partition []Expr
	Order     []SortKey
	Keep      []int
}

// DedupTrigger tells of each row which part of a time slot is new:
// dedup_trigger(). A row waits until the slot has ended.
type DedupTrigger struct {
	ID              int
	Start, End, Now Expr  // milliseconds
	Expire          int64 // slots that are older are forgotten
	Keep            []int
}

// Order sorts the rows of a window.
type Order struct{ Keys []SortKey }

// SortKey is one key of ORDER BY.
type SortKey struct {
	X    Expr
	Desc bool
}

// Delay holds each row back: delay(n, x).
type Delay struct{ Milliseconds Expr }

// Limit cuts the rows of a result.
type Limit struct{ Rows int }

// Project makes the rows of the result.
type Project struct{ Items []Output }

// Unnest makes rows of an array, or columns of an object, in the result:
// unnest() and extract().
type Unnest struct {
	Column int      // of the result, that holds the array or object; behind it stands the column of role Whole for the fields
	Object bool     // extract: the value is an object
	Null   NullMode // of an element
}

// Split lets rows come one by one, because each may change what conditions
// read of the rows before it: last_hit_count().
type Split struct{}

// Name implements Step.
func (*Merge) Name() string { return "merge" }

// Name implements Step.
func (*Watermark) Name() string { return "watermark" }

// Name implements Step.
func (*Filter) Name() string { return "filter" }

// Name implements Step.
func (*Extend) Name() string { return "extend" }

// Name implements Step.
func (*Window) Name() string { return "window" }

// Name implements Step.
func (*Join) Name() string { return "join" }

// Name implements Step.
func (*Totals) Name() string { return "totals" }

// Name implements Step.
func (*Aggregate) Name() string { return "aggregate" }

// Name implements Step.
func (*Group) Name() string { return "group" }

// Name implements Step.
func (*Having) Name() string { return "having" }

// Name implements Step.
func (*RowNumber) Name() string { return "row_number" }

// Name implements Step.
func (*DedupTrigger) Name() string { return "dedup_trigger" }

// Name implements Step.
func (*Order) Name() string { return "order" }

// Name implements Step.
func (*Delay) Name() string { return "delay" }

// Name implements Step.
func (*Limit) Name() string { return "limit" }

// Name implements Step.
func (*Project) Name() string { return "project" }

// Name implements Step.
func (*Unnest) Name() string { return "unnest" }

// Name implements Step.
func (*Split) Name() string { return "split" }

func (*Merge) exprs() []Expr  { return nil }
func (*Limit) exprs() []Expr  { return nil }
func (*Unnest) exprs() []Expr { return nil }
func (*Split) exprs() []Expr  { return nil }

func (s *Watermark) exprs() []Expr {
	var list []Expr
	for _, t := range s.Times {
		list = append(list, t.X)
	}
	return list
}

func (s *Filter) exprs() []Expr { return []Expr{s.Cond} }

func (s *Extend) exprs() []Expr {
	var list []Expr
	for _, it := range s.Items {
		list = append(list, it.exprs()...)
	}
	return list
}

func (c *Computation) exprs() []Expr {
	if c.Analytic == nil {
		return []Expr{c.X}
	}
	return c.Analytic.exprs()
}

func (s *Window) exprs() []Expr {
	list := append(append(s.Groups.exprs(), s.Spec.exprs()...), s.Where)
	for _, it := range append(slices.Clone(s.Early), s.Late...) {
		list = append(list, it.exprs()...)
	}
	return present(list...)
}

func (s *Join) exprs() []Expr {
	var list []Expr
	for _, p := range s.Parts {
		for _, e := range p.Equal {
			list = append(list, e.Column, e.X)
		}
		list = append(list, p.On)
	}
	return present(list...)
}

func (s *Totals) exprs() []Expr    { return aggregateExprs(s.Aggregates) }
func (s *Aggregate) exprs() []Expr { return s.Groups.exprs() }
func (s *Group) exprs() []Expr     { return s.Groups.exprs() }

func (g *Groups) exprs() []Expr {
	if g == nil {
		return nil
	}
	return append(append([]Expr{}, g.Keys...), aggregateExprs(g.Aggregates)...)
}

func aggregateExprs(calls []AggregateCall) []Expr {
	var list []Expr
	for _, a := range calls {
		list = append(append(list, a.Args...), a.Filter)
	}
	return present(list...)
}

func (s *Having) exprs() []Expr { return []Expr{s.Cond} }

func (s *RowNumber) exprs() []Expr {
	return append(append([]Expr{}, s.Partition...), sortExprs(s.Order)...)
}

func (s *DedupTrigger) exprs() []Expr { return []Expr{s.Start, s.End, s.Now} }

func (s *Order) exprs() []Expr { return sortExprs(s.Keys) }

func sortExprs(keys []SortKey) []Expr {
	var list []Expr
	for _, k := range keys {
		list = append(list, k.X)
	}
	return list
}

func (s *Delay) exprs() []Expr { return []Expr{s.Milliseconds} }

func (s *Project) exprs() []Expr {
	var list []Expr
	for _, it := range s.Items {
		list = append(list, it.X)
	}
	return list
}

// Reads calls visit for every column that the computation reads.
func (c *Computation) Reads(visit func(*Column)) {
	for _, x := range c.exprs() {
		Reads(x, visit)
	}
}
