package kubeedge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// nodes are those of all documents in data, be they YAML or JSON.
func nodes(data []byte) ([]*yaml.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if text := bytes.TrimLeft(data, " \t\r\n"); len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		list, err := jsonNodes(data)
		if err == nil {
			return list, nil
		}
		if list, e := yamlNodes(data); e == nil { // YAML in braces
			return list, nil
		}
		return nil, err
	}
	return yamlNodes(data)
}

func yamlNodes(data []byte) ([]*yaml.Node, error) {
	var list []*yaml.Node
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, &syntaxError{yamlLine(err), fmt.Errorf("read YAML: %w", err)}
		}
		if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
			continue
		}
		n := doc.Content[0]
		aliased, err := survey(n, 0)
		if err == nil && aliased {
			x := expansion{left: mostAliased}
			n, err = x.expand(n, 0, false)
		}
		if err != nil {
			return nil, &syntaxError{doc.Line, err}
		}
		if n.Tag != "!!null" { // nothing between two separators
			list = append(list, n)
		}
	}
}

var yamlErrorLine = regexp.MustCompile(`line (\d+)`)

// yamlLine is the line that an error of the parser names.
func yamlLine(err error) int {
	if m := yamlErrorLine.FindStringSubmatch(err.Error()); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n
		}
	}
	return 1
}

// survey shortens the tags of a document and tells whether it has aliases.
func survey(n *yaml.Node, depth int) (aliased bool, err error) {
	if depth > deepest {
		return false, errTooDeep
	}
	n.Tag = n.ShortTag()
	for _, child := range n.Content {
		a, err := survey(child, depth+1)
		if err != nil {
			return false, err
		}
		aliased = aliased || a
	}
	return aliased || n.Kind == yaml.AliasNode, nil
}

// mostAliased is how many values aliases of a document may stand for.
const mostAliased = 100_000

// expansion puts in what aliases stand for.
type expansion struct{ left int }

func (x *expansion) expand(n *yaml.Node, depth int, aliased bool) (*yaml.Node, error) {
	if depth > deepest {
		return nil, errTooDeep
	}
	if aliased {
		if x.left--; x.left < 0 {
			return nil, fmt.Errorf("the aliases of the document stand for more than %d values", mostAliased)
		}
	}
	if n.Kind == yaml.AliasNode {
		return x.expand(n.Alias, depth+1, true)
	}
	c := *n
	c.Content = nil
	for _, child := range n.Content {
		e, err := x.expand(child, depth+1, aliased)
		if err != nil {
			return nil, err
		}
		c.Content = append(c.Content, e)
	}
	return &c, nil
}
