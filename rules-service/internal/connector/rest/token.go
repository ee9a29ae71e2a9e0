package rest

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"text/template/parse"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// Templates are evaluated when a result comes, and what comes out may wait on
// disk for hours: a token must neither age there nor be read there. So a field
// of the token is left open, as its name between two runes of the private use
// area, and filled when the message is sent.
const (
	openMark  = "\ue000"
	closeMark = "\ue001"
)

var openField = regexp.MustCompile(openMark + `[^` + openMark + closeMark + `]*` + closeMark)

// ofToken tells whether a field is one of the token and none of the result.
func ofToken(field string) bool { return strings.Contains(strings.ToLower(field), "token") }

// openAll opens the templates of a property.
func openAll(property string, in map[string]connector.Template) (map[string]connector.Template, error) {
	out := make(map[string]connector.Template, len(in))
	for name, text := range in {
		t, err := openTokens(property+"."+name, text)
		if err != nil {
			return nil, err
		}
		out[name] = t
	}
	return out, nil
}

// openTokens leaves the fields of the token open in a template.
func openTokens(property string, text connector.Template) (connector.Template, error) {
	if !ofToken(string(text)) || !strings.Contains(string(text), "{{") {
		return text, nil
	}
	tree := parse.New(property)
	tree.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := tree.Parse(string(text), "", "", trees); err != nil {
		return "", fmt.Errorf("property %q: %s", property, strings.TrimPrefix(err.Error(), "template: "))
	}
	for name, t := range trees {
		if name != property && ofToken(t.Root.String()) {
			return "", fmt.Errorf("property %q: a token cannot stand in the template %q that is defined there", property, name)
		}
	}
	o := opener{property: property}
	o.list(tree.Root)
	if !o.opened || o.err != nil {
		return text, o.err
	}
	return connector.Template(tree.Root.String()), nil
}

// opener walks through a template.
type opener struct {
	property string
	opened   bool
	err      error
}

func (o *opener) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for i, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			if name := fieldOf(n.Pipe); ofToken(name) {
				l.Nodes[i] = &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(openMark + name + closeMark)}
				o.opened = true
				continue
			}
			o.pipe(n.Pipe)
		case *parse.IfNode:
			o.branch(&n.BranchNode)
		case *parse.RangeNode:
			o.branch(&n.BranchNode)
		case *parse.WithNode:
			o.branch(&n.BranchNode)
		case *parse.TemplateNode:
			o.pipe(n.Pipe)
		}
	}
}

func (o *opener) branch(b *parse.BranchNode) {
	o.pipe(b.Pipe)
	o.list(b.List)
	o.list(b.ElseList)
}

// pipe refuses a token that something else than its text is wanted of.
func (o *opener) pipe(p *parse.PipeNode) {
	if p == nil {
		return
	}
	for _, c := range p.Cmds {
		for _, arg := range c.Args {
			switch arg := arg.(type) {
			case *parse.FieldNode:
				if ofToken(arg.Ident[0]) {
					o.err = fmt.Errorf("property %q: the token .%s can only stand by itself, as {{.%s}}", o.property, arg.Ident[0], arg.Ident[0])
				}
			case *parse.PipeNode:
				o.pipe(arg)
			}
		}
	}
}

// fieldOf is NAME of {{.NAME}}; "" for all that is more than that.
func fieldOf(p *parse.PipeNode) string {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return ""
	}
	f, ok := p.Cmds[0].Args[0].(*parse.FieldNode)
	if !ok || len(f.Ident) != 1 {
		return ""
	}
	return f.Ident[0]
}

// errNoField is no fault of a message: the same field misses in all of them.
var errNoField = errors.New("the answer of oauth has no field")

// fill puts the token into the places that were left open.
func fill(t httpclient.Grant, text string) (string, error) {
	return fillWith(t, text, func(v string) string { return v })
}

// fillURL is fill for a place where a text must be escaped.
func fillURL(t httpclient.Grant, text string) (string, error) {
	return fillWith(t, text, url.QueryEscape)
}

func fillWith(t httpclient.Grant, text string, escape func(string) string) (string, error) {
	if !strings.Contains(text, openMark) {
		return text, nil
	}
	var missing error
	text = openField.ReplaceAllStringFunc(text, func(place string) string {
		name := strings.Trim(place, openMark+closeMark)
		v, ok := t.Text(name)
		if !ok && missing == nil {
			missing = fmt.Errorf("%w %q", errNoField, name)
		}
		return escape(v)
	})
	return text, missing
}
