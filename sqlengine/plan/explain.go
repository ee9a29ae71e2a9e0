package plan

import (
	"fmt"
	"slices"
	"strings"

	"sluice/sqlengine/value"
)

// Explain is the plan in readable form: the last operator first, each one
// indented below the one that it feeds, and the stream with its columns last.
func (p *Plan) Explain() string {
	var b strings.Builder
	depth := 0
	line := func(text string) {
		b.WriteString(strings.Repeat("  ", depth) + text + "\n")
		depth++
	}
	for _, s := range slices.Backward(p.Steps) {
		line(strings.TrimSpace(s.Name() + " " + p.describe(s)))
	}
	if text := p.describeConjuncts(); text != "" {
		line("index on " + text)
		depth--
	}
	for i, s := range p.Sources {
		line(p.describeSource(i, s))
		depth--
	}
	return b.String()
}

func (p *Plan) describe(step Step) string {
	switch s := step.(type) {
	case *Watermark:
		return describeWatermark(s)
	case *Filter:
		return Format(s.Cond) + countsHits(s.Hits)
	case *Having:
		return Format(s.Cond) + countsHits(s.Hits)
	case *Extend:
		return p.describeComputed(s.Items) + p.keeps(s.Keep)
	case *Window:
		text := s.Spec.String() + p.computes(s.Early)
		if s.Where != nil {
			text += " where " + Format(s.Where)
		}
		text += p.computes(s.Late)
		if s.Groups != nil {
			text += " " + p.describeGroups(s.Groups)
		}
		return text
	case *Join:
		return p.describeJoin(s)
	case *Totals:
		return describeAggregates(s.Aggregates) + p.keeps(s.Keep)
	case *Aggregate:
		return p.describeGroups(s.Groups)
	case *Group:
		return p.describeGroups(s.Groups)
	case *RowNumber:
		return p.describeRowNumber(s)
	case *DedupTrigger:
		return fmt.Sprintf("from %s to %s at %s, forgotten after %d ms", Format(s.Start), Format(s.End), Format(s.Now), s.Expire) + p.keeps(s.Keep)
	case *Delay:
		return Format(s.Milliseconds)
	case *Unnest:
		return p.Output.Columns[s.Column].Name
	case *Order:
		return describeSorts(s.Keys)
	case *Limit:
		return fmt.Sprint(s.Rows)
	case *Project:
		return describeOutputs(s.Items)
	}
	return ""
}

// computes are the columns that a window computes, if any.
func (p *Plan) computes(items []Computation) string {
	if len(items) == 0 {
		return ""
	}
	return " with " + p.describeComputed(items)
}

func (p *Plan) describeComputed(items []Computation) string {
	parts := make([]string, len(items))
	for i, it := range items {
		if it.Analytic != nil {
			parts[i] = it.Analytic.Text
			continue
		}
		parts[i] = p.Columns[it.ID].Name + " = " + Format(it.X)
	}
	return strings.Join(parts, ", ")
}

func (p *Plan) describeGroups(g *Groups) string {
	var parts []string
	if len(g.Keys) > 0 {
		var keys formatter
		keys.list(g.Keys)
		parts = append(parts, "by "+keys.String())
	}
	if len(g.Aggregates) > 0 {
		parts = append(parts, describeAggregates(g.Aggregates))
	}
	return strings.TrimSpace(strings.Join(parts, ": ") + p.keeps(g.Keep))
}

func (p *Plan) keeps(ids []int) string {
	if len(ids) == 0 {
		return ""
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = p.columnName(id)
	}
	return " keeps " + strings.Join(names, ", ")
}

// columnName is the name of a column, behind that of its source where there
// are several.
func (p *Plan) columnName(id int) string {
	c := p.Columns[id]
	name := c.Name
	if c.Source != Computed && len(p.Sources) > 1 {
		name = p.Sources[c.Source].Name + "." + name
	}
	if c.Role == value.Meta {
		return "meta(" + name + ")"
	}
	return name
}

func describeSorts(keys []SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = Format(k.X)
		if k.Desc {
			parts[i] += " DESC"
		}
	}
	return strings.Join(parts, ", ")
}

func describeOutputs(items []Output) string {
	var parts []string
	for _, it := range items {
		text := Format(it.X)
		switch _, room := it.X.(*Const); {
		case room && it.Role == value.Whole: // for the fields of unnest
			continue
		case text != it.Name && it.Role != value.Whole:
			text = it.Name + " = " + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// describeSource shows a source and the columns that the query reads of it.
func (p *Plan) describeSource(i int, s *Source) string {
	text := "stream "
	if s.IsTable() {
		text = "table "
	}
	text += s.Stream.Name
	if s.Name != s.Stream.Name {
		text += " as " + s.Name
	}
	return text + p.describeColumns(i)
}

// describeColumns lists the columns that the query reads of a source, each with
// its slot in the rows that a host without a schema of its own pushes.
func (p *Plan) describeColumns(source int) string {
	var parts []string
	slots := p.Inputs(p.Sources[source].Stream.Name)
	for _, c := range p.Columns {
		if c.Source != source {
			continue
		}
		slot := slices.Index(slots, value.Column{Name: c.Name, Kind: c.Kind, Role: c.Role})
		text := fmt.Sprint(slot, " ", c.Name)
		if c.Role == value.Meta {
			text = fmt.Sprintf("%d meta(%s)", slot, c.Name)
		}
		if c.Kind != value.Null {
			text += " " + c.Kind.String()
		}
		parts = append(parts, text)
	}
	if parts == nil {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func describeAggregates(calls []AggregateCall) string {
	parts := make([]string, len(calls))
	for i, a := range calls {
		parts[i] = a.Text
	}
	return strings.Join(parts, ", ")
}

func countsHits(counts bool) string {
	if counts {
		return ", counting hits"
	}
	return ""
}

func describeWatermark(s *Watermark) string {
	parts := make([]string, len(s.Times))
	for i, t := range s.Times {
		parts[i] = Format(t.X)
	}
	text := strings.Join(parts, ", ") + fmt.Sprintf(", late by %s", s.Late)
	if s.Idle > 0 {
		text += fmt.Sprintf(", idle after %s", s.Idle)
	}
	return text
}

func (p *Plan) describeJoin(s *Join) string {
	parts := make([]string, len(s.Parts))
	for i, part := range s.Parts {
		text := strings.ToLower(part.Kind) + " " + p.Sources[part.Source].Name
		var on []string
		for _, e := range part.Equal {
			on = append(on, Format(e.Column)+" = "+Format(e.X))
		}
		if part.On != nil {
			on = append(on, Format(part.On))
		}
		if on != nil {
			text += " on " + strings.Join(on, " AND ")
		}
		parts[i] = text
	}
	return strings.Join(parts, ", ") + p.keeps(s.Keep)
}

func (p *Plan) describeRowNumber(s *RowNumber) string {
	var parts []string
	if len(s.Partition) > 0 {
		var f formatter
		f.list(s.Partition)
		parts = append(parts, "by "+f.String())
	}
	if len(s.Order) > 0 {
		parts = append(parts, describeSorts(s.Order))
	}
	return strings.TrimSpace(strings.Join(parts, ": ") + p.keeps(s.Keep))
}
