package exec

import (
	"fmt"
	"slices"
	"time"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// Env is what the host gives to a running query.
type Env struct {
	RuleID   string
	Start    time.Time        // of the rule: the first window begins here; zero: now
	Now      func() time.Time // nil: time.Now
	Location *time.Location   // in which windows are aligned and times shown; nil: time.Local
	// Schemas are the slots of the rows to be pushed, per stream. A missing
	// entry means: just the columns that the query reads. Rows may have more
	// columns than their schema: columns are only ever appended.
	Schemas map[string]*value.Schema
	// Params are the present values of parameters, where they differ from those
	// that the query was compiled with.
	Params map[string]value.Value
	// Lookups answer for the lookup tables, by their names.
	Lookups map[string]Lookup
	// Prop knows the properties that props names, KeyedState the values that
	// get_keyed_state asks for; nil: there are none. Both are called for rows,
	// so they must not block.
	Prop       func(name string) (string, bool)
	KeyedState func(key string) (value.Value, bool)
	// OnRowError hears of each row that failed; nil: they are counted only.
	OnRowError func(*RowError)
}

// runtime is what the operators of one run share.
type runtime struct {
	frame      *Frame // see frameOf
	eventTime  bool
	window     *function.Window // being emitted, nil otherwise
	hits       function.Hits
	onRowError func(*RowError)
}

// layout tells in which slot of a row each column of the plan stands; -1: the
// row does not have it.
type layout []int

// newLayout is a layout of rows that hold just these columns.
func newLayout(columns int, ids ...int) layout {
	l := make(layout, columns)
	for id := range l {
		l[id] = -1
	}
	for slot, id := range ids {
		l[id] = slot
	}
	return l
}

// sourceLayout finds the columns of a source among the slots of the host.
func sourceLayout(p *plan.Plan, source int, schema *value.Schema) (layout, error) {
	l := newLayout(len(p.Columns))
	stream := p.Sources[source].Stream.Name
	if schema == nil {
		schema = &value.Schema{Columns: p.Inputs(stream)}
	}
	for id, c := range p.Columns {
		if c.Source != source {
			continue
		}
		slot, ok := schema.Slot(c.Name, c.Role)
		if !ok {
			return nil, fmt.Errorf("schema of stream %q: column %q is missing", stream, c.Name)
		}
		l[id] = slot
	}
	return l, nil
}

// Open builds the operators of a plan, the last one first.
func Open(p *plan.Plan, env Env, out Operator) (*Run, error) {
	sources := make([]layout, len(p.Sources))
	for i, s := range p.Sources {
		var err error
		if sources[i], err = sourceLayout(p, i, env.Schemas[s.Stream.Name]); err != nil {
			return nil, err
		}
	}
	if err := checkStart(env.Start); err != nil && !env.Start.IsZero() {
		return nil, err
	}
	if err := checkLookups(p, env.Lookups); err != nil {
		return nil, err
	}
	r := &Run{plan: p, rt: newRuntime(p, env), source: sources[0], tail: tail{out: out}}
	layouts := layoutsOf(p, sources[firstStream(p)])
	next := Operator(&r.tail)
	r.ops = make([]operator, len(p.Steps))
	for i := len(p.Steps) - 1; i >= 0; i-- {
		b := builder{plan: p, rt: r.rt, at: i, sources: sources, schemas: env.Schemas, lookups: env.Lookups, in: layouts[i], out: layouts[i+1]}
		op := b.build(p.Steps[i])
		s := op.base()
		s.name, s.rt, s.next, s.windowed = p.Steps[i].Name(), r.rt, next, p.FollowsWindow(i)
		s.frame = r.rt.frameOf(op)
		r.ops[i], next = op, op
	}
	r.head = next
	r.behind = r.ops[0].base().next
	r.connect()
	for name, v := range env.Params {
		if err := r.SetParam(name, v); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func newRuntime(p *plan.Plan, env Env) *runtime {
	rt := &runtime{frame: &Frame{}, eventTime: p.EventTime, onRowError: env.OnRowError}
	if env.Now == nil {
		env.Now = time.Now
	}
	if rt.onRowError == nil {
		rt.onRowError = func(*RowError) {}
	}
	if env.Location == nil {
		env.Location = time.Local
	}
	if env.Start.IsZero() {
		env.Start = env.Now()
	}
	rt.frame.Context = function.Context{RuleID: env.RuleID, RuleStart: env.Start.UnixNano(), Now: env.Now, Location: env.Location, Hits: &rt.hits,
		Prop: env.Prop, KeyedState: env.KeyedState}
	rt.frame.params = make([]value.Value, len(p.Params))
	for i, param := range p.Params {
		rt.frame.params[i] = param.Initial
	}
	return rt
}

// layoutsOf gives the layout in front of each step, and that of the result.
func layoutsOf(p *plan.Plan, first layout) []layout {
	list := []layout{first}
	for _, step := range p.Steps {
		l := list[len(list)-1]
		switch s := step.(type) {
		case *plan.Extend:
			l = newLayout(len(p.Columns), extendedColumns(s)...)
		case *plan.Merge:
			l = newLayout(len(p.Columns), mergedColumns(s)...)
		case *plan.Window:
			if s.Groups != nil {
				l = newLayout(len(p.Columns), groupColumns(s.Groups)...)
			}
		case *plan.Join:
			l = newLayout(len(p.Columns), s.Keep...)
		case *plan.Totals:
			l = newLayout(len(p.Columns), totalColumns(s)...)
		case *plan.Aggregate:
			l = newLayout(len(p.Columns), groupColumns(s.Groups)...)
		case *plan.Group:
			l = newLayout(len(p.Columns), groupColumns(s.Groups)...)
		case *plan.RowNumber:
			l = newLayout(len(p.Columns), append(slices.Clone(s.Keep), s.ID)...)
		case *plan.DedupTrigger:
			l = newLayout(len(p.Columns), append(slices.Clone(s.Keep), s.ID)...)
		}
		list = append(list, l)
	}
	return list
}

// operator is an Operator of this package.
type operator interface {
	Operator
	base() *stage
}

// builder makes the operator of one step.
type builder struct {
	plan    *plan.Plan
	rt      *runtime
	at      int      // index of the step
	sources []layout // of the rows of each source, as the host pushes them
	schemas map[string]*value.Schema
	lookups map[string]Lookup
	in, out layout // of the rows in front of the step and behind it
}

func (b builder) build(step plan.Step) operator {
	c := compiler{b.in}
	switch step := step.(type) {
	case *plan.Filter:
		if step.Hits {
			return newHitFilter(newFilter(c, step.Cond), &b.rt.hits.Rows)
		}
		return newFilter(c, step.Cond)
	case *plan.Having:
		if step.Hits {
			return newHitFilter(newFilter(c, step.Cond), &b.rt.hits.Results)
		}
		return newFilter(c, step.Cond)
	case *plan.Split:
		return &split{}
	case *plan.Totals:
		return newTotals(c, step, b.in)
	case *plan.RowNumber:
		return newRowNumber(c, step, b.in)
	case *plan.DedupTrigger:
		return newDedupTrigger(c, step, b.in)
	case *plan.Delay:
		return newDelay(c, step, b.in)
	case *plan.Unnest:
		return newUnnest(step, b.plan.Output)
	case *plan.Extend:
		e := newExtend(step, b.in, b.out)
		e.kept = b.plan.Collects()
		return e
	case *plan.Watermark:
		return newWatermark(b.rt, c, step)
	case *plan.Merge:
		return newMerge(step, b.plan, b.sources)
	case *plan.Join:
		return newJoin(step, b)
	case *plan.Window:
		return newWindow(b.rt, c, step, b.in)
	case *plan.Aggregate:
		return newAggregate(c, step.Groups, b.in)
	case *plan.Group:
		return newGroup(c, step, b.in)
	case *plan.Order:
		return newOrder(c, step)
	case *plan.Limit:
		return &limit{rows: step.Rows}
	case *plan.Project:
		return newProject(c, step, b.plan.Output)
	}
	panic(fmt.Sprintf("exec: no operator for %T", step))
}
