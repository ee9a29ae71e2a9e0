package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/rules-service/internal/named"
)

// bundle is what an export holds, by names: statements, rules, and objects as
// JSON in texts. In the answer to an import it holds what is wrong with them.
type bundle struct {
	Streams          texts `json:"streams"`
	Tables           texts `json:"tables"`
	Rules            texts `json:"rules"`
	NativePlugins    texts `json:"nativePlugins"`
	PortablePlugins  texts `json:"portablePlugins"`
	SourceConfig     texts `json:"sourceConfig"`
	SinkConfig       texts `json:"sinkConfig"`
	ConnectionConfig texts `json:"connectionConfig"`
	Service          texts `json:"Service"`
	Schema           texts `json:"Schema"`
	Uploads          texts `json:"uploads"`
	Scripts          texts `json:"scripts"`
}

func newBundle() *bundle {
	return &bundle{texts{}, texts{}, texts{}, texts{}, texts{}, texts{}, texts{}, texts{}, texts{}, texts{}, texts{}, texts{}}
}

// parts are the maps of a bundle with their names.
func (b *bundle) parts() map[string]texts {
	return map[string]texts{
		"streams": b.Streams, "tables": b.Tables, "rules": b.Rules, "nativePlugins": b.NativePlugins, "portablePlugins": b.PortablePlugins,
		"sourceConfig": b.SourceConfig, "sinkConfig": b.SinkConfig, "connectionConfig": b.ConnectionConfig, "Service": b.Service,
		"Schema": b.Schema, "uploads": b.Uploads, "scripts": b.Scripts,
	}
}

// empty tells whether nothing is wrong, when the bundle holds what is.
func (b *bundle) empty() bool {
	for _, part := range b.parts() {
		if len(part) > 0 {
			return false
		}
	}
	return true
}

// texts are texts by name. An object stands for its JSON, as other tools write
// it.
type texts map[string]string

// UnmarshalJSON reads texts and objects.
func (t *texts) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*t = texts{}
	for name, v := range raw {
		var text string
		switch {
		case json.Unmarshal(v, &text) == nil:
		case bytes.HasPrefix(bytes.TrimSpace(v), []byte("{")):
			text = string(v)
		default:
			return fmt.Errorf("%q must be a text or an object", name)
		}
		(*t)[name] = text
	}
	return nil
}

// readBundle reads an export in JSON.
func readBundle(text string) (*bundle, error) {
	b := newBundle()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(b); err != nil {
		return nil, fmt.Errorf(`the content must be JSON such as {"streams": {}, "tables": {}, "rules": {}}: %w`, err)
	}
	if dec.More() {
		return nil, errors.New("there is more in the content behind its object")
	}
	return b, nil
}

// sets reads the configuration keys and connections.
func (b *bundle) sets(wrong *bundle) []entry {
	var list []entry
	for _, part := range []struct {
		kind     named.Kind
		in, errs texts
	}{
		{named.Connections, b.ConnectionConfig, wrong.ConnectionConfig}, // sources and sinks may select them
		{named.Sources, b.SourceConfig, wrong.SourceConfig},
		{named.Sinks, b.SinkConfig, wrong.SinkConfig},
	} {
		for _, typ := range slices.Sorted(maps.Keys(part.in)) {
			var sets map[string]map[string]any
			if err := json.Unmarshal([]byte(part.in[typ]), &sets); err != nil {
				part.errs[typ] = fmt.Sprintf("it must be JSON such as {\"k1\": {}}: %v", err)
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(sets)) {
				list = append(list, entry{named.ID{Kind: part.kind, Type: typ, Name: name}, sets[name], part.errs})
			}
		}
	}
	return list
}

// entry is a set of properties of a bundle, and where its error goes.
type entry struct {
	id    named.ID
	props map[string]any
	errs  texts
}

// fail notes what is wrong with one of the sets of a type.
func (e entry) fail(err error) {
	text := fmt.Sprintf("%s: %v", e.id.Name, err)
	if before := e.errs[e.id.Type]; before != "" {
		text = before + "; " + text
	}
	e.errs[e.id.Type] = text
}

// compact is JSON without the escapes that are for HTML alone.
func compact(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
