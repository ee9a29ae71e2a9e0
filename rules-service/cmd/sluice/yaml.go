package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlOf writes JSON as YAML, with its keys in their order.
func yamlOf(text string) (string, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	node, err := nodeOf(dec)
	if err != nil {
		return "", fmt.Errorf("the answer is not JSON: %w", err)
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(node), enc.Close()); err != nil {
		return "", err
	}
	return b.String(), nil
}

// nodeOf reads the next value of the decoder.
func nodeOf(dec *json.Decoder) (*yaml.Node, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		return innerNode(dec, t)
	case string:
		return textNode(t), nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: t.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(t)}, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
}

func textNode(text string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if strings.Contains(text, "\n") {
		n.Style = yaml.LiteralStyle
	}
	return n
}

// innerNode reads an object or a list, behind its first bracket.
func innerNode(dec *json.Decoder, open json.Delim) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if open == '{' {
		n.Kind = yaml.MappingNode
	}
	for dec.More() {
		inner, err := nodeOf(dec)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, inner)
	}
	if open == '{' {
		n.Content = lastOnly(n.Content)
	}
	_, err := dec.Token() // the other bracket
	return n, err
}

// lastOnly keeps the last value of a key that an object has twice, as JSON
// means it.
func lastOnly(pairs []*yaml.Node) []*yaml.Node {
	kept, places := pairs[:0], map[string]int{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, v := pairs[i], pairs[i+1]
		if at, twice := places[key.Value]; twice {
			kept[at] = v
			continue
		}
		kept = append(kept, key, v)
		places[key.Value] = len(kept) - 1
	}
	return kept
}
