package plan

import (
	"slices"
	"time"

	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Settings are the choices of a rule that change what its query yields.
type Settings struct {
	SendNil   bool          // NULL items are written
	SendMeta  bool          // each row has its metadata, in the column __meta
	Functions *function.Set // nil: the built-in functions

	EventTime     bool          // rows carry their time in the TIMESTAMP column of their stream
	LateTolerance time.Duration // in event time: how much later than the newest row a row may come
	IdleTimeout   time.Duration // in event time: a stream that is silent for so long holds nobody back; 0: never

	SlidingVersion2 bool // sliding windows exclude their left end: windowVersion v2
	SendTwice       bool // sliding windows with a delay are emitted at their row, too

	// Params are the parameters that $name may name, with the values that they
	// have at the start of a run.
	Params map[string]value.Value
}

// DefaultLateTolerance is what a rule has that does not set lateTolerance.
const DefaultLateTolerance = time.Second

// Plan is a planned query. It is immutable.
type Plan struct {
	Sources   []*Source    // in the order of FROM and its joins
	Columns   []ColumnInfo // every column of the query; expressions name them by index
	Steps     []Step       // in the order in which rows pass them
	Params    []ParamInfo
	Output    *value.Schema
	EventTime bool
}

// Source is a stream or table that a query reads. A stream that is joined with
// itself is two sources.
type Source struct {
	Stream *Stream
	Name   string // by which the query names it: its alias, or its name
}

// IsTable tells of a source whose rows are looked up, not waited for.
func (s *Source) IsTable() bool { return s.Stream.Table }

// IsLookup tells of a table that the host is asked for, row by row.
func (s *Source) IsLookup() bool { return s.Stream.Table && s.Stream.Options.Kind == "lookup" }

// ColumnInfo describes a column of the plan: one that is read from a source,
// or one that a step computes.
type ColumnInfo struct {
	Name   string
	Kind   value.Kind
	Role   value.Role
	Source int // index into Plan.Sources, or Computed
	Owner  int // of a column that is computed in front of a join: the source whose rows it belongs to
}

// Computed is the source of columns that a step computes.
const Computed = -1

// Output is one column of the result.
type Output struct {
	Name string
	X    Expr
	Null NullMode
	Role value.Role
	star bool // it came by *
	many bool // unnest or extract takes it apart
}

// NullMode tells what becomes of a NULL in the result.
type NullMode uint8

// The modes.
const (
	NullOmitted NullMode = iota // the key is left out: aliases, calls and expressions
	NullKept                    // written, except where the input had no such key: bare columns
	NullWritten                 // always written: the option sendNilField
)

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

// Streams names the streams and tables that the query reads, each once.
func (p *Plan) Streams() []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range p.Sources {
		if !seen[s.Stream.Name] {
			names = append(names, s.Stream.Name)
		}
		seen[s.Stream.Name] = true
	}
	return names
}

// Lookups names the lookup tables that the query asks, each once.
func (p *Plan) Lookups() []string {
	var names []string
	for _, s := range p.Sources {
		if s.IsLookup() && !slices.Contains(names, s.Stream.Name) {
			names = append(names, s.Stream.Name)
		}
	}
	return names
}

// Inputs are the columns that the query reads of a stream.
func (p *Plan) Inputs(stream string) []value.Column {
	var list []value.Column
	seen := map[value.Column]bool{}
	for _, c := range p.Columns {
		if c.Source == Computed || p.Sources[c.Source].Stream.Name != stream {
			continue
		}
		column := value.Column{Name: c.Name, Kind: c.Kind, Role: c.Role}
		if !seen[column] {
			list = append(list, column)
		}
		seen[column] = true
	}
	return list
}

// Windowed tells whether each batch of the output is one result: that of a
// window, or the rows that a join with tables has made of one. Otherwise each
// row is, also of those that unnest makes.
func (p *Plan) Windowed() bool { return p.FollowsWindow(len(p.Steps)) || len(p.Sources) > 1 }

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
