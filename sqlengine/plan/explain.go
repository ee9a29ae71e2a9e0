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
	line("stream " + p.Source.Stream.Name + p.describeColumns())
	return b.String()
}

func (p *Plan) describe(step Step) string {
	switch s := step.(type) {
	case *Filter:
		return Format(s.Cond)
	case *Having:
		return Format(s.Cond)
	case *Extend:
		return p.describeComputed(s.Items) + p.keeps(s.Keep)
	case *Window:
		text := s.Window.String()
		if s.Groups != nil {
			text += " " + p.describeGroups(s.Groups)
		}
		return text
	case *Aggregate:
		return p.describeGroups(s.Groups)
	case *Order:
		return describeSorts(s.Keys)
	case *Limit:
		return fmt.Sprint(s.Rows)
	case *Project:
		return describeOutputs(s.Items)
	}
	return ""
}

func (p *Plan) describeComputed(items []Computed) string {
	parts := make([]string, len(items))
	for i, it := range items {
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
	var calls []string
	for _, a := range g.Aggregates {
		calls = append(calls, a.Text)
	}
	if calls != nil {
		parts = append(parts, strings.Join(calls, ", "))
	}
	return strings.Join(parts, ": ") + p.keeps(g.Keep)
}

func (p *Plan) keeps(ids []int) string {
	if len(ids) == 0 {
		return ""
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = p.Columns[id].Name
	}
	return " keeps " + strings.Join(names, ", ")
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
	parts := make([]string, len(items))
	for i, it := range items {
		parts[i] = Format(it.X)
		if parts[i] != it.Name && it.Role != value.Whole {
			parts[i] = it.Name + " = " + parts[i]
		}
	}
	return strings.Join(parts, ", ")
}

// describeColumns lists the slots that the query reads.
func (p *Plan) describeColumns() string {
	var parts []string
	for _, c := range p.Columns {
		if c.Computed {
			continue
		}
		text := c.Name
		if c.Role == value.Meta {
			text = "meta(" + c.Name + ")"
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

// String implements WindowSpec.
func (t *Tumbling) String() string {
	return fmt.Sprintf("tumbling %d %s", t.Size, strings.ToLower(t.Unit))
}
