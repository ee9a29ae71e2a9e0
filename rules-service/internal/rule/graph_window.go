package rule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// windowTypes are the windows of a graph, and whether they have a unit.
var windowTypes = map[string]bool{"tumblingwindow": true, "hoppingwindow": true, "slidingwindow": true, "sessionwindow": true, "countwindow": false}

func (t *translation) windowed(name string, n graphNode) error {
	var p struct {
		Type, Unit            string
		Size, Interval, Delay json.Number
	}
	if err := n.props(name, &p); err != nil {
		return err
	}
	kind := strings.ToLower(p.Type)
	unit, known := windowTypes[kind]
	switch {
	case t.window != "":
		return fmt.Errorf("node %q is a second window", name)
	case !known:
		return fmt.Errorf("node %q: there is no window %q; there are %s", name, p.Type, strings.Join(sortedKeys(windowTypes), ", "))
	case p.Size == "":
		return fmt.Errorf("node %q has no size", name)
	case unit && p.Unit == "":
		return fmt.Errorf("node %q has no unit, such as ss", name)
	}
	args := []string{p.Size.String()}
	if unit {
		args = []string{p.Unit, p.Size.String()}
	}
	if p.Interval != "" && p.Interval != "0" && kind != "tumblingwindow" {
		args = append(args, p.Interval.String())
	} else if p.Delay != "" && p.Delay != "0" && kind == "slidingwindow" {
		args = append(args, p.Delay.String())
	}
	t.window = strings.ToUpper(kind) + "(" + strings.Join(args, ", ") + ")"
	t.at = inWindow
	return nil
}

func (t *translation) joined(name string, n graphNode) error {
	var p struct {
		From  string
		Joins []struct{ Name, Type, On string }
	}
	if err := n.props(name, &p); err != nil {
		return err
	}
	if p.From == "" || len(p.Joins) == 0 {
		return fmt.Errorf("node %q needs from and joins", name)
	}
	t.from = t.named(p.From)
	for _, j := range p.Joins {
		t.join += " " + strings.ToUpper(j.Type) + " JOIN " + t.named(j.Name)
		if j.On != "" {
			t.join += " ON " + j.On
		}
		t.seen = append(t.seen, j.On)
	}
	return nil
}

// named is the stream of a node, or of that name.
func (t *translation) named(name string) string {
	if stream, ok := t.names[name]; ok {
		return stream
	}
	return name
}

func (t *translation) grouped(name string, n graphNode) error {
	var p struct{ Dimensions []string }
	if err := n.props(name, &p); err != nil {
		return err
	}
	t.groups = append(t.groups, p.Dimensions...)
	t.seen = append(t.seen, p.Dimensions...)
	if t.at == inWindow {
		t.at = inGroups
	}
	return nil
}

func (t *translation) sorted(name string, n graphNode) error {
	var p struct {
		Sorts []struct {
			Field string
			Desc  bool
		}
	}
	if err := n.props(name, &p); err != nil {
		return err
	}
	for _, s := range p.Sorts {
		order := s.Field
		if s.Desc {
			order += " DESC"
		}
		t.sorts = append(t.sorts, order)
		t.seen = append(t.seen, s.Field)
	}
	return nil
}

// caseColumn begins the names of the columns that tell the rows of a branch.
const caseColumn = "__case_"

// switchTo computes a column for each case; the sinks behind it get the rows
// for which it is true.
func (t *translation) switchTo(name string, n graphNode) error {
	var p struct {
		Cases            []string
		StopAtFirstMatch bool
	}
	if err := n.props(name, &p); err != nil {
		return err
	}
	groups, err := t.groupsOf(name, len(p.Cases))
	if err != nil {
		return err
	}
	for i, cond := range p.Cases {
		column := fmt.Sprintf("%s%d", caseColumn, i)
		var before strings.Builder
		if p.StopAtFirstMatch {
			for _, earlier := range p.Cases[:i] {
				before.WriteString("WHEN " + earlier + " THEN false ")
			}
		}
		t.cases = append(t.cases, fmt.Sprintf("CASE %sWHEN %s THEN true ELSE false END AS %s", &before, cond, column))
		for _, to := range groups[i] {
			if t.Nodes[to].Type != "sink" {
				return fmt.Errorf("behind the switch %q only sinks may stand; draw a rule for each branch that goes on", name)
			}
			if err := t.sink(to, t.Nodes[to], column); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *translation) groupsOf(name string, cases int) ([][]string, error) {
	groups, err := t.graph.groups(name)
	if err == nil && len(groups) != cases {
		err = fmt.Errorf("the switch %q has %d cases and leads %d ways", name, cases, len(groups))
	}
	return groups, err
}

// hidden stands behind what is computed and not written.
const hidden = " INVISIBLE"

// query puts the clauses together.
func (t *translation) query() string {
	var items []string
	if t.picked == nil {
		items = append(items, "*")
	}
	for _, it := range t.items {
		text, invisible := strings.CutSuffix(it.text, hidden)
		if it.alias != "" {
			text += " AS `" + it.alias + "`"
		}
		if invisible {
			text += hidden
		}
		items = append(items, text)
	}
	items = slices.Concat(items, t.picked, t.cases)
	sql := "SELECT " + strings.Join(items, ", ") + " FROM " + t.from + t.join
	where, dimensions := t.late, t.groups
	if t.window == "" {
		where = slices.Concat(t.early, t.late)
	} else {
		window := t.window
		if len(t.early) > 0 {
			window += " FILTER (WHERE " + and(t.early) + ")"
		}
		dimensions = append(slices.Clone(dimensions), window)
	}
	for _, clause := range []struct{ name, text string }{
		{"WHERE", and(where)}, {"GROUP BY", strings.Join(dimensions, ", ")}, {"HAVING", and(t.having)}, {"ORDER BY", strings.Join(t.sorts, ", ")},
	} {
		if clause.text != "" {
			sql += " " + clause.name + " " + clause.text
		}
	}
	return sql
}

func and(conditions []string) string {
	if len(conditions) == 1 {
		return conditions[0]
	}
	parts := make([]string, len(conditions))
	for i, c := range conditions {
		parts[i] = "(" + c + ")"
	}
	return strings.Join(parts, " AND ")
}
