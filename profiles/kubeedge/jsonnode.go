package kubeedge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// jsonReader makes nodes of YAML, with their lines, of JSON. A parser of YAML
// is no replacement: it refuses tabs and surrogates.
type jsonReader struct {
	dec  *json.Decoder
	data []byte
	line int // of the byte at
	at   int64
}

// jsonNodes are the nodes of all values in data.
func jsonNodes(data []byte) ([]*yaml.Node, error) {
	r := &jsonReader{dec: json.NewDecoder(bytes.NewReader(data)), data: data, line: 1}
	r.dec.UseNumber()
	var nodes []*yaml.Node
	for {
		n, err := r.next(0)
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nodes, nil
		}
		if err != nil {
			return nil, &syntaxError{r.here(), fmt.Errorf("read JSON: %w", err)}
		}
		nodes = append(nodes, n)
	}
}

// deepest is how deep values may be in each other.
const deepest = 100

var errTooDeep = fmt.Errorf("values are more than %d levels deep", deepest)

// next reads a value. Only at its very begin is the end of the input io.EOF.
func (r *jsonReader) next(depth int) (*yaml.Node, error) {
	t, err := r.dec.Token()
	if err != nil {
		if depth > 0 && errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if depth > deepest {
		return nil, errTooDeep
	}
	line := r.here()
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return r.container(yaml.MappingNode, "!!map", line, depth)
		}
		return r.container(yaml.SequenceNode, "!!seq", line, depth)
	case string:
		return scalar("!!str", t, line), nil
	case json.Number:
		tag := "!!int"
		if strings.ContainsAny(t.String(), ".eE") {
			tag = "!!float"
		}
		return scalar(tag, t.String(), line), nil
	case bool:
		return scalar("!!bool", fmt.Sprint(t), line), nil
	}
	return scalar("!!null", "null", line), nil
}

func (r *jsonReader) container(kind yaml.Kind, tag string, line, depth int) (*yaml.Node, error) {
	n := &yaml.Node{Kind: kind, Tag: tag, Line: line}
	for r.dec.More() {
		if kind == yaml.MappingNode {
			key, err := r.next(depth + 1)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, key)
		}
		v, err := r.next(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, v)
	}
	if _, err := r.dec.Token(); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return n, nil
}

// here is the line of what was read last.
func (r *jsonReader) here() int {
	to := r.dec.InputOffset()
	r.line += bytes.Count(r.data[r.at:to], []byte{'\n'})
	r.at = to
	return r.line
}

func scalar(tag, value string, line int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value, Line: line}
}

// syntaxError is an error with its line.
type syntaxError struct {
	line int
	err  error
}

func (e *syntaxError) Error() string { return e.err.Error() }
func (e *syntaxError) Unwrap() error { return e.err }
