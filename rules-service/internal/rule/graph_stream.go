package rule

import (
	"encoding/json"
	"fmt"
	"strings"

	"sluice/sqlengine"
)

// stream is what a source node reads: a stream that there is, or one that the
// node defines itself.
func (t *translation) stream(name string) (string, error) {
	n := t.Nodes[name]
	props := map[string]any{}
	if len(n.Props) > 0 {
		if err := json.Unmarshal(n.Props, &props); err != nil {
			return "", fmt.Errorf("props of %q: %w", name, err)
		}
	}
	if stream, ok := props["sourceName"].(string); ok && stream != "" {
		return stream, nil
	}
	if !validID.MatchString(name) {
		return "", fmt.Errorf("node %q defines a stream, so its name may only have letters, digits, _ and -", name)
	}
	s := &sqlengine.Stream{Name: t.rule + "/" + name, Schemaless: true}
	s.Options.Type, s.Options.Format = n.NodeType, "json"
	texts := map[string]*string{
		"datasource": &s.Options.Datasource, "format": &s.Options.Format, "schemaid": &s.Options.SchemaID, "delimiter": &s.Options.Delimiter,
		"timestamp": &s.Options.Timestamp, "timestampformat": &s.Options.TimestampFormat, "confkey": &s.Options.ConfKey, "resourceid": &s.Options.ConfKey,
	}
	extra := map[string]any{}
	for key, v := range props {
		switch to := texts[strings.ToLower(key)]; {
		case to != nil:
			*to = fmt.Sprint(v)
		case key != "sourceType" && key != "sourceName" && key != "shared":
			extra[key] = v
		}
	}
	if len(extra) > 0 {
		text, err := json.Marshal(extra)
		if err != nil {
			return "", err
		}
		s.Options.Extra = string(text)
	}
	t.streams[name] = s
	return quoted(name), nil
}

// quoted is a name as queries have it.
func quoted(name string) string { return "`" + name + "`" }

// private is a catalog with the streams that a rule defines itself.
type private struct {
	sqlengine.Catalog
	streams map[string]*sqlengine.Stream
}

// over adds the streams of the rule to a catalog.
func (d *Definition) over(cat sqlengine.Catalog) sqlengine.Catalog {
	if len(d.streams) == 0 {
		return cat
	}
	all := map[string]*sqlengine.Stream{}
	for name, s := range d.streams {
		all[name], all[s.Name] = s, s
	}
	return private{cat, all}
}

// Stream returns the stream of that name.
func (p private) Stream(name string) (*sqlengine.Stream, bool) {
	if s, ok := p.streams[name]; ok {
		return s, true
	}
	return p.Catalog.Stream(name)
}

// sourceName is what a source is called in status and topology: its stream or,
// where a graph defines that, its node.
func sourceName(stream string) string {
	if _, node, ok := strings.Cut(stream, "/"); ok {
		return node
	}
	return stream
}
