package plan

import (
	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Settings are the choices of a rule that change what its query yields.
type Settings struct {
	SendNil   bool          // NULL items are written
	Functions *function.Set // nil: the built-in functions
}

// Plan is a planned query. It is immutable.
type Plan struct {
	Source  *Source
	Columns []ColumnInfo // every column of the query; expressions name them by index
	Steps   []Step
	Output  *value.Schema
}

// Source is the stream that a query reads.
type Source struct {
	Stream *Stream
	Name   string // by which the query names it: its alias, or its name
}

// ColumnInfo describes a column of the plan: one that is read from the stream,
// or one that a step computes.
type ColumnInfo struct {
	Name     string
	Kind     value.Kind
	Role     value.Role
	Computed bool
}

// Step is one operator of the plan, in the order in which rows pass them.
type Step interface {
	// Name is the kind of the operator.
	Name() string
}

// Filter passes the rows of WHERE.
type Filter struct{ Cond Expr }

// Extend computes aliases that more than one clause uses, once a row.
type Extend struct {
	Keep  []int // columns that later steps read
	Items []Computed
}

// Computed is a column that a step computes.
type Computed struct {
	ID int
	X  Expr
}

// Window collects rows and emits them, or their groups, when the window ends.
type Window struct {
	Window  WindowSpec
	Groups  *Groups // nil: the rows themselves are emitted
	Keyless bool    // there are no GROUP BY expressions: an empty window has a result too
}

// Aggregate makes each row its own group: aggregates without a window.
type Aggregate struct{ Groups *Groups }

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
	Text     string // as the query has it
}

// Having passes the groups of HAVING.
type Having struct{ Cond Expr }

// Order sorts the rows of a window.
type Order struct{ Keys []SortKey }

// SortKey is one key of ORDER BY.
type SortKey struct {
	X    Expr
	Desc bool
}

// Limit cuts the rows of a window.
type Limit struct{ Rows int }

// Project makes the rows of the result.
type Project struct{ Items []Output }

// Output is one column of the result.
type Output struct {
	Name string
	X    Expr
	Null NullMode
	Role value.Role
	star bool // it came by *
}

// NullMode tells what becomes of a NULL in the result.
type NullMode uint8

// The modes.
const (
	NullOmitted NullMode = iota // the key is left out: aliases, calls and expressions
	NullKept                    // written, except where the input had no such key: bare columns
	NullWritten                 // always written: the option sendNilField
)

// WindowSpec is one kind of window with its parameters.
type WindowSpec interface{ String() string }

// Tumbling cuts time into windows of equal size.
type Tumbling struct {
	Unit string // DD HH MI SS MS
	Size int64  // in units
}

// Name implements Step.
func (*Filter) Name() string { return "filter" }

// Name implements Step.
func (*Extend) Name() string { return "extend" }

// Name implements Step.
func (*Window) Name() string { return "window" }

// Name implements Step.
func (*Aggregate) Name() string { return "aggregate" }

// Name implements Step.
func (*Having) Name() string { return "having" }

// Name implements Step.
func (*Order) Name() string { return "order" }

// Name implements Step.
func (*Limit) Name() string { return "limit" }

// Name implements Step.
func (*Project) Name() string { return "project" }

// Build parses and plans a query. The error is a diag.List.
func Build(sql string, cat Catalog, set Settings) (*Plan, error) {
	s, err := syntax.ParseSelect(sql)
	if err != nil {
		return nil, err
	}
	b := newBuilder(s, cat, set)
	p := b.build()
	if err := b.findings.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Streams names the streams that the query reads.
func (p *Plan) Streams() []string { return []string{p.Source.Stream.Name} }

// Inputs are the columns that the query reads of a stream.
func (p *Plan) Inputs(stream string) []value.Column {
	if stream != p.Source.Stream.Name {
		return nil
	}
	var list []value.Column
	for _, c := range p.Columns {
		if !c.Computed {
			list = append(list, value.Column{Name: c.Name, Kind: c.Kind, Role: c.Role})
		}
	}
	return list
}

// Windowed tells whether the query has a window.
func (p *Plan) Windowed() bool { return p.FollowsWindow(len(p.Steps)) }

// FollowsWindow tells whether the i-th step stands behind the window.
func (p *Plan) FollowsWindow(i int) bool { return windowOf(p.Steps[:i]) != nil }

// Collects tells whether the window keeps rows, not just what groups need.
func (p *Plan) Collects() bool {
	w := windowOf(p.Steps)
	return w != nil && w.Groups == nil
}

func windowOf(steps []Step) *Window {
	for _, s := range steps {
		if w, ok := s.(*Window); ok {
			return w
		}
	}
	return nil
}
