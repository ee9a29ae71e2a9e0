package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// graph is a rule that was drawn: nodes, and the ways between them. It is
// translated to a query and its actions.
type graph struct {
	Nodes map[string]graphNode
	Topo  struct {
		Sources []string
		Edges   map[string]json.RawMessage // lists of names; of a switch a list of such lists
	}
}

type graphNode struct {
	Type     string // source, operator or sink
	NodeType string
	Props    json.RawMessage
}

// drawn is what a graph comes to.
type drawn struct {
	sql     string
	actions []Action
	streams map[string]*sqlengine.Stream // that the graph defines itself
	routes  []string                     // by action: the column that tells which rows it gets; "": all
}

// translateGraph reads the graph of a rule.
func translateGraph(rule string, raw json.RawMessage) (*drawn, error) {
	var g graph
	if err := json.Unmarshal(raw, &g); err != nil {
		return nil, fmt.Errorf("graph: it needs nodes and topo: %w", err)
	}
	if err := g.check(); err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	t := &translation{graph: &g, rule: rule, drawn: drawn{streams: map[string]*sqlengine.Stream{}}, names: map[string]string{}, met: map[string]bool{}}
	if err := t.translate(); err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	return &t.drawn, nil
}

// check finds edges that lead nowhere, and sources that are none.
func (g *graph) check() error {
	if len(g.Topo.Sources) == 0 {
		return errors.New("topo.sources is empty")
	}
	for _, name := range g.Topo.Sources {
		n, err := g.node(name)
		if err == nil && n.Type != "source" {
			err = fmt.Errorf("node %q is a %s, not a source", name, n.Type)
		}
		if err != nil {
			return fmt.Errorf("topo.sources: %w", err)
		}
	}
	for _, from := range sortedKeys(g.Topo.Edges) {
		n, err := g.node(from)
		if err != nil {
			return fmt.Errorf("topo.edges: %w", err)
		}
		groups, err := g.groups(from)
		switch {
		case err != nil:
			return err
		case n.Type == "sink" && len(groups) > 0:
			return fmt.Errorf("topo.edges: node %q is a sink; nothing can be behind it", from)
		}
		for _, to := range slices.Concat(groups...) {
			if _, err := g.node(to); err != nil {
				return fmt.Errorf("topo.edges of %q: %w", from, err)
			}
		}
	}
	return nil
}

func (g *graph) node(name string) (graphNode, error) {
	if n, ok := g.Nodes[name]; ok {
		return n, nil
	}
	if near := diag.Nearest(name, sortedKeys(g.Nodes)); near != "" {
		return graphNode{}, fmt.Errorf("there is no node %q; did you mean %q?", name, near)
	}
	return graphNode{}, fmt.Errorf("there is no node %q", name)
}

// next are the nodes behind one that is no switch.
func (g *graph) next(from string) ([]string, error) {
	groups, err := g.groups(from)
	if err != nil {
		return nil, err
	}
	return slices.Concat(groups...), nil
}

// groups are the nodes behind one, for a switch one list a case.
func (g *graph) groups(from string) ([][]string, error) {
	raw, ok := g.Topo.Edges[from]
	if !ok {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("topo.edges of %q must be a list of nodes", from)
	}
	var groups [][]string
	for _, entry := range list {
		var name string
		var group []string
		switch {
		case json.Unmarshal(entry, &name) == nil:
			group = []string{name}
		case json.Unmarshal(entry, &group) != nil:
			return nil, fmt.Errorf("topo.edges of %q must be a list of nodes", from)
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// props reads the properties of a node; a key that it does not know is an
// error.
func (n *graphNode) props(name string, into any) error {
	if len(n.Props) == 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(n.Props)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("props of %q (%s): %s", name, n.NodeType, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
