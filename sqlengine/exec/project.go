package exec

import (
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// project makes the rows of the result. The columns of a batch are one
// allocation, as rows may be kept by whoever gets them.
type project struct {
	stage
	own    Frame // of the run: see frameOf
	schema *value.Schema
	items  []projected
	made   []value.Row // used again for every batch, as are the next three
	one    [1]value.Row
	cols   []value.Value
	out    value.Batch
}

// projected is an item of the result.
type projected struct {
	eval Eval
	null plan.NullMode
}

func newProject(c compiler, step *plan.Project, schema *value.Schema) *project {
	p := &project{schema: schema}
	for _, it := range step.Items {
		p.items = append(p.items, projected{c.compile(it.X), it.Null})
	}
	p.made = p.one[:]
	return p
}

func (p *project) Push(b *value.Batch) error {
	p.begin(b)
	p.made = p.made[:0]
	p.cols = make([]value.Value, len(b.Rows)*len(p.items))
	p.each(b.Rows, p)
	p.cols = nil
	if len(p.made) == 0 && len(b.Rows) > 0 {
		return nil
	}
	p.out = value.Batch{Schema: p.schema, Rows: p.made, Ack: b.Ack}
	return p.next.Push(&p.out)
}

func (p *project) evaluate(rows []value.Row) {
	width := len(p.items)
	f := &p.own // as frame, but without a way to it
	for ; p.at < len(rows); p.at++ {
		f.Row, f.RowTime = &rows[p.at], rows[p.at].Time
		cols := p.cols[:width:width]
		for i := range p.items {
			v := p.items[i].eval(f)
			if v.IsNull() {
				v = nullAs(p.items[i].null, v)
			}
			cols[i] = v
		}
		if f.err != nil {
			p.fail(f.Take())
			continue
		}
		p.made = append(p.made, value.Row{Time: rows[p.at].Time, Cols: cols})
		p.cols = p.cols[width:]
	}
}

func nullAs(mode plan.NullMode, v value.Value) value.Value {
	switch mode {
	case plan.NullOmitted:
		return value.Missing
	case plan.NullWritten:
		return value.Value{}
	}
	return v
}
