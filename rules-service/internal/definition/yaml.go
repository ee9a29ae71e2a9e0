package definition

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// JSONOfYAML writes each document of a YAML file as JSON.
func JSONOfYAML(text string) (texts []string, err error) {
	documents, err := yamlDocuments(text)
	for i := range documents {
		texts = append(texts, documents[i].Text)
	}
	return texts, err
}

func yamlDocuments(text string) (documents []Document, err error) {
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			return documents, nil
		} else if err != nil {
			return nil, err
		}
		keepTimes(&n)
		var v any
		if err := n.Decode(&v); err != nil {
			return nil, err
		}
		if v == nil {
			continue // nothing but comments
		}
		b, err := json.Marshal(v)
		var keys *json.UnsupportedTypeError
		if errors.As(err, &keys) {
			return nil, fmt.Errorf("yaml: line %d: all keys must be texts", n.Line)
		}
		if err != nil {
			return nil, fmt.Errorf("yaml: line %d: %w", n.Line, err)
		}
		places := map[string]Place{}
		yamlPlaces(&n, nil, places)
		documents = append(documents, Document{string(b), places})
	}
}

// keepTimes makes what looks like a time the text that it is in JSON.
func keepTimes(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, inner := range n.Content {
		keepTimes(inner)
	}
}

// yamlPlaces notes where the values of a document begin.
func yamlPlaces(n *yaml.Node, path []string, into map[string]Place) {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		yamlPlaces(n.Content[0], path, into)
		return
	}
	into[pathOf(path)] = Place{n.Line, n.Column}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || len(path) == depth {
		return
	}
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	for i := step - 1; i < len(n.Content); i += step {
		name := strconv.Itoa(i)
		if step == 2 {
			name = n.Content[i-1].Value
		}
		yamlPlaces(n.Content[i], append(path[:len(path):len(path)], name), into)
	}
}
