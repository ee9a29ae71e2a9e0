package exec

import (
	"fmt"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// remembering computes an analytic function. It keeps a memory for each
// partition.
type remembering struct {
	call      *plan.AnalyticCall
	args      []Eval
	partition []Eval
	when      Eval // nil: all rows count
	own       Eval // nil: all rows are of the stream that the call reads
	values    []value.Value
	key       []byte
	index     map[string]function.Memory
	list      []partition     // in the order in which they came
	fresh     function.Memory // answers for partitions of which no row has counted
}

type partition struct {
	key    string
	memory function.Memory
}

func newRemembering(c compiler, call *plan.AnalyticCall) *remembering {
	r := &remembering{call: call, args: c.list(call.Args), partition: c.list(call.Partition),
		values: make([]value.Value, len(call.Args)), index: map[string]function.Memory{}, fresh: call.Bound.New()}
	if call.When != nil {
		r.when = c.compile(call.When)
	}
	if call.Own != nil {
		r.own = c.compile(call.Own)
	}
	return r
}

// eval is the result for the row of a frame. A row that cannot be evaluated
// leaves the memories as they were.
func (r *remembering) eval(f *Frame) value.Value {
	if f.err != nil || r.own != nil && !r.own(f).True() {
		return value.Value{}
	}
	for i, arg := range r.args {
		r.values[i] = arg(f)
	}
	r.key = r.key[:0]
	for _, p := range r.partition {
		r.key = value.AppendKey(r.key, p(f))
	}
	if f.err != nil {
		return value.Value{}
	}
	if err := r.call.Bound.Convert(&f.Context, r.values); err != nil {
		return f.Fail(err)
	}
	counts, err := r.counts(f)
	if err != nil {
		return f.Fail(err)
	}
	m := r.memory()
	if !counts {
		return m.Skip(r.values)
	}
	if m == r.fresh {
		m = r.open(string(r.key))
	}
	v, err := m.Next(r.values)
	if err != nil {
		return f.Fail(fmt.Errorf("%s: %w", r.call.Text, err))
	}
	return v
}

// counts tells whether a row is one of WHEN.
func (r *remembering) counts(f *Frame) (bool, error) {
	if r.when == nil {
		return true, nil
	}
	return holds(f, r.when, r.call.When)
}

func (r *remembering) memory() function.Memory {
	if len(r.partition) == 0 && len(r.list) > 0 {
		return r.list[0].memory
	}
	if m := r.index[string(r.key)]; m != nil {
		return m
	}
	return r.fresh
}

func (r *remembering) open(key string) function.Memory {
	m := r.call.Bound.New()
	r.index[key] = m
	r.list = append(r.list, partition{key, m})
	return m
}

func (r *remembering) snapshot(e *value.Encoder) {
	e.Uint(uint64(len(r.list)))
	for _, p := range r.list {
		e.String(p.key)
		p.memory.Snapshot(e)
	}
}

func (r *remembering) restore(d *value.Decoder) {
	for range d.Count() {
		key := d.String()
		if d.Err() == nil && r.index[key] != nil {
			d.Fail(fmt.Errorf("%s: a partition comes twice", r.call.Text))
		}
		r.open(key).Restore(d)
		if d.Err() != nil {
			return
		}
	}
}
