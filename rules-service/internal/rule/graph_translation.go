package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// translation walks through a graph, from its sources to its sinks. What it
// meets becomes clauses of one query: operators stand in a graph in the order
// in which SQL evaluates them.
type translation struct {
	*graph
	drawn
	rule  string
	names map[string]string // streams by the names of their nodes
	met   map[string]bool   // operators that the way has passed
	seen  []string          // expressions of the nodes that were met, for hides
	at    place

	from, join, window  string
	early, late, having []string // conditions, by their place
	items               []selected
	picked              []string // nil: all columns
	groups, sorts       []string
	cases               []string // columns that tell the rows of a branch
}

// selected is an expression that a function node adds.
type selected struct{ text, alias string }

// place is how far the rows have come.
type place int

const (
	inStream place = iota
	inWindow
	inGroups
)

func (t *translation) translate() error {
	next, err := t.sources()
	if err != nil {
		return err
	}
	for len(next) > 0 {
		if next, err = t.step(next); err != nil {
			return err
		}
	}
	if len(t.actions) == 0 {
		return errors.New("it ends without a sink")
	}
	t.sql = t.query()
	return nil
}

// sources reads the sources, which lead to the same node when there are
// several.
func (t *translation) sources() (next []string, err error) {
	for i, name := range t.Topo.Sources {
		stream, err := t.stream(name)
		if err != nil {
			return nil, err
		}
		t.names[name] = stream
		to, err := t.next(name)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			t.from, next = stream, to
		} else if !slices.Equal(next, to) {
			return nil, errors.New("all sources must lead to the same node, a window and behind it a join")
		}
	}
	if len(next) == 0 {
		return nil, fmt.Errorf("nothing stands behind the source %q", t.Topo.Sources[0])
	}
	return next, nil
}

// step takes the nodes that stand behind the last operator.
func (t *translation) step(names []string) (next []string, err error) {
	var operators []string
	for _, name := range names {
		if n := t.Nodes[name]; n.Type == "sink" {
			if err := t.sink(name, n, ""); err != nil {
				return nil, err
			}
		} else {
			operators = append(operators, name)
		}
	}
	switch {
	case len(operators) == 0:
		return nil, nil
	case len(operators) < len(names) || len(operators) > 1:
		return nil, fmt.Errorf("the way branches to %s; only a switch, and the sinks at the end, may branch: draw a rule for each branch", strings.Join(names, ", "))
	}
	name := operators[0]
	if t.met[name] {
		return nil, fmt.Errorf("the way comes back to node %q", name)
	}
	t.met[name] = true
	n := t.Nodes[name]
	if n.Type != "operator" {
		return nil, fmt.Errorf("node %q is of type %q; there are source, operator and sink", name, n.Type)
	}
	if n.NodeType == "switch" {
		return nil, t.switchTo(name, n)
	}
	if err := t.operator(name, n); err != nil {
		return nil, err
	}
	return t.next(name)
}

func (t *translation) sink(name string, n graphNode, route string) error {
	props := map[string]any{}
	if len(n.Props) > 0 {
		if err := json.Unmarshal(n.Props, &props); err != nil {
			return fmt.Errorf("props of %q: %w", name, err)
		}
	}
	t.actions = append(t.actions, Action{Index: len(t.actions), Type: n.NodeType, Props: props})
	t.routes = append(t.routes, route)
	return nil
}

// expression is the property of filters and functions.
type expression struct{ Expr string }

func (t *translation) operator(name string, n graphNode) error {
	switch strings.ToLower(n.NodeType) {
	case "filter":
		return t.filter(name, n)
	case "function", "aggfunc":
		return t.function(name, n)
	case "pick":
		return t.pick(name, n)
	case "window":
		return t.windowed(name, n)
	case "join":
		return t.joined(name, n)
	case "groupby":
		return t.grouped(name, n)
	case "orderby":
		return t.sorted(name, n)
	case "watermark":
		return nil // rows of event time pass one anyway
	case "script":
		return fmt.Errorf("node %q is a script; scripts are not run here: write it with functions", name)
	}
	return fmt.Errorf("node %q: there is no operator %q; there are aggfunc, filter, function, groupby, join, orderby, pick, switch, watermark and window", name, n.NodeType)
}

func (t *translation) filter(name string, n graphNode) error {
	var p expression
	if err := n.props(name, &p); err != nil {
		return err
	}
	if strings.TrimSpace(p.Expr) == "" {
		return fmt.Errorf("node %q has no expr", name)
	}
	t.seen = append(t.seen, p.Expr)
	switch t.at {
	case inStream:
		t.early = append(t.early, p.Expr)
	case inWindow:
		t.late = append(t.late, p.Expr)
	default:
		t.having = append(t.having, p.Expr)
	}
	return nil
}

// alias finds the name at the end of an item such as "abs(a) AS b".
var alias = regexp.MustCompile("(?is)^(.*\\S)\\s+as\\s+([a-z_][a-z0-9_]*|`[^`]+`)\\s*$")

func (t *translation) function(name string, n graphNode) error {
	var p expression
	if err := n.props(name, &p); err != nil {
		return err
	}
	if strings.TrimSpace(p.Expr) == "" {
		return fmt.Errorf("node %q has no expr", name)
	}
	item := selected{text: strings.TrimSpace(p.Expr)}
	if m := alias.FindStringSubmatch(p.Expr); m != nil {
		item = selected{strings.TrimSpace(m[1]), strings.Trim(m[2], "`")}
		if err := t.hides(name, item.alias); err != nil {
			return err
		}
	}
	if strings.EqualFold(n.NodeType, "aggfunc") && t.at == inWindow {
		t.at = inGroups
	}
	t.seen = append(t.seen, item.text)
	t.items = append(t.items, item)
	return nil
}

// hides refuses an alias that an earlier node reads as a column: in a query it
// would be the alias there, too.
func (t *translation) hides(node, alias string) error {
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(alias) + `\b`)
	for _, text := range t.seen {
		if word.MatchString(text) {
			return fmt.Errorf("node %q: a node in front of it reads a column %q; choose another name", node, alias)
		}
	}
	return nil
}

func (t *translation) pick(name string, n graphNode) error {
	var p struct {
		Fields []string
		IsAgg  bool
	}
	if err := n.props(name, &p); err != nil {
		return err
	}
	switch {
	case len(p.Fields) == 0:
		return fmt.Errorf("node %q picks no fields", name)
	case t.picked != nil:
		return fmt.Errorf("node %q: the columns have been picked already", name)
	}
	for _, f := range p.Fields {
		if m := alias.FindStringSubmatch(f); m != nil {
			if err := t.hides(name, strings.Trim(m[2], "`")); err != nil {
				return err
			}
		}
	}
	t.picked = p.Fields
	for i := range t.items { // what was computed is shown only where it is picked
		if a := t.items[i].alias; a != "" && slices.Contains(p.Fields, a) {
			t.picked = slices.DeleteFunc(slices.Clone(t.picked), func(f string) bool { return f == a })
			continue
		}
		t.items[i].text += hidden
	}
	return nil
}
