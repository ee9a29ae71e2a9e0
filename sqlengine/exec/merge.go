package exec

import (
	"slices"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// merge gives the rows of several streams one form: a tag that tells the
// source, and the columns of all of them, of which a row lacks those of the
// others.
type merge struct {
	stage
	inputs []*mergeInput // by source; nil: its rows do not enter here
}

// mergeInput takes the rows of one stream. The query may read it several
// times: then each row comes as a row of each of those sources.
type mergeInput struct {
	to      *merge
	width   int
	sources []mergedSource
	made    []value.Row // used again for every batch, as is out
	out     value.Batch
}

type mergedSource struct {
	tag   value.Value
	moves []move
}

// move copies a column from one slot to another.
type move struct{ from, to int }

func copyColumns(to []value.Value, r *value.Row, moves []move) {
	for _, m := range moves {
		to[m.to] = r.Cols[m.from]
	}
}

func leaveOut(cols []value.Value, moves []move) {
	for _, m := range moves {
		cols[m.to] = value.Missing
	}
}

// mergedColumns are the columns of the rows that the step makes.
func mergedColumns(s *plan.Merge) []int { return append([]int{s.Tag}, s.Columns...) }

// firstStream is the first source whose rows pass the steps; tables come in
// by the join.
func firstStream(p *plan.Plan) int {
	return slices.IndexFunc(p.Sources, func(s *plan.Source) bool { return !s.IsTable() })
}

func newMerge(step *plan.Merge, p *plan.Plan, sources []layout) *merge {
	m := &merge{inputs: make([]*mergeInput, len(p.Sources))}
	byStream := map[string]*mergeInput{}
	for i, s := range p.Sources {
		if s.IsTable() {
			continue
		}
		in := byStream[s.Stream.Name]
		if in == nil {
			in = &mergeInput{to: m, width: len(step.Columns) + 1}
			byStream[s.Stream.Name] = in
		}
		own := mergedSource{tag: value.OfInt(int64(i))}
		for slot, id := range mergedColumns(step) {
			if p.Columns[id].Source == i {
				own.moves = append(own.moves, move{sources[i][id], slot})
			}
		}
		in.sources = append(in.sources, own)
		m.inputs[i] = in
	}
	return m
}

func (m *merge) input(source int) receiver {
	if in := m.inputs[source]; in != nil {
		return in
	}
	return nil
}

// Push takes rows that have the form.
func (m *merge) Push(b *value.Batch) error {
	m.begin(b)
	return m.next.Push(b)
}

func (in *mergeInput) Push(b *value.Batch) error {
	in.made = in.made[:0]
	cols := make([]value.Value, len(b.Rows)*len(in.sources)*in.width)
	for i := range b.Rows {
		for _, s := range in.sources {
			in.made = append(in.made, value.Row{Time: b.Rows[i].Time, Cols: s.merged(cols[:in.width:in.width], &b.Rows[i])})
			cols = cols[in.width:]
		}
	}
	in.out = value.Batch{Rows: in.made, Ack: b.Ack}
	return in.to.Push(&in.out)
}

// merged fills the columns of a row; the tag is in the first slot.
func (s *mergedSource) merged(cols []value.Value, r *value.Row) []value.Value {
	for i := range cols {
		cols[i] = value.Missing
	}
	cols[0] = s.tag
	copyColumns(cols, r, s.moves)
	return cols
}
