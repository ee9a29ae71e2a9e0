package sap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// node is an element of an XML document, without its attributes and namespaces.
type node struct {
	name  string
	text  string
	below []*node
	attrs []xml.Attr
}

// deepest is how deep elements may lie within each other.
const deepest = 200

// parseXML reads a document.
func parseXML(text []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("the encoding %s is not supported; UTF-8 is", charset)
	}
	var root *node
	var path []*node
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("XML: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local, attrs: t.Attr}
			switch {
			case len(path) == deepest:
				return nil, fmt.Errorf("XML: elements are more than %d deep", deepest)
			case len(path) > 0:
				path[len(path)-1].below = append(path[len(path)-1].below, n)
			case root != nil:
				return nil, errors.New("XML: there is more than one root element")
			default:
				root = n
			}
			path = append(path, n)
		case xml.EndElement:
			n := path[len(path)-1]
			n.text = strings.TrimSpace(n.text)
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 {
				path[len(path)-1].text += string(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("XML: there is text outside of the root element")
			}
		}
	}
	if root == nil {
		return nil, errors.New("XML: there is no element")
	}
	return root, nil
}

// child is the first element of that name just below.
func (n *node) child(name string) *node {
	for _, c := range n.below {
		if c.name == name {
			return c
		}
	}
	return nil
}

// find is the first element of that name, however deep.
func (n *node) find(name string) *node {
	for _, c := range n.below {
		if c.name == name {
			return c
		}
		if found := c.find(name); found != nil {
			return found
		}
	}
	return nil
}

func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// value is an element as a value of JSON: a text, the list of its items, or an
// object of what is below it.
func (n *node) value() any {
	if len(n.below) == 0 {
		return n.text
	}
	if n.isTable() {
		list := make([]any, len(n.below))
		for i, c := range n.below {
			list[i] = c.value()
		}
		return list
	}
	o := make(map[string]any, len(n.below))
	for _, c := range n.below {
		o[c.name] = c.value()
	}
	return o
}

// isTable tells whether all elements below are items of a table.
func (n *node) isTable() bool {
	for _, c := range n.below {
		if c.name != "item" {
			return false
		}
	}
	return len(n.below) > 0
}

// escape writes a text so that it can stand in XML.
func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return ""
	}
	return b.String()
}
