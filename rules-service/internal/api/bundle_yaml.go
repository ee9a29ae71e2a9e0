package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/rules-service/internal/rule"
)

// yamlBundle is the second form of an export: objects in the place of texts,
// and keys such as sources.mqtt.k1.
type yamlBundle struct {
	SourceConfig     map[string]map[string]any `yaml:"sourceConfig,omitempty"`
	SinkConfig       map[string]map[string]any `yaml:"sinkConfig,omitempty"`
	ConnectionConfig map[string]map[string]any `yaml:"connectionConfig,omitempty"`
	Streams          map[string]yamlStatement  `yaml:"streams"`
	Tables           map[string]yamlStatement  `yaml:"tables,omitempty"`
	Rules            map[string]map[string]any `yaml:"rules"`
	NativePlugins    map[string]any            `yaml:"nativePlugins,omitempty"`
	PortablePlugins  map[string]any            `yaml:"portablePlugins,omitempty"`
	Service          map[string]any            `yaml:"service,omitempty"`
	Schema           map[string]map[string]any `yaml:"schema,omitempty"`
	Uploads          map[string]map[string]any `yaml:"uploads,omitempty"`
	Scripts          map[string]any            `yaml:"scripts,omitempty"`
}

type yamlStatement struct {
	SQL string `yaml:"sql"`
}

func (a *API) exportYAML(w http.ResponseWriter, r *http.Request) error {
	set, err := a.Rules.Definitions()
	if err != nil {
		return err
	}
	b, err := a.bundle(r, set, func(rule.Reference) bool { return true })
	if err == nil {
		err = a.addFiles(b)
	}
	if err != nil {
		return err
	}
	y, err := yamlOf(b)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(y)
	if err != nil {
		return err
	}
	attach(w, string(text))
	return nil
}

// yamlOf turns the texts of a bundle into objects. A rule says whether it is
// wanted to run, also where its text leaves that to the default.
func yamlOf(b *bundle) (*yamlBundle, error) {
	y := &yamlBundle{Streams: statements(b.Streams), Tables: statements(b.Tables), Rules: map[string]map[string]any{}}
	for id, text := range b.Rules {
		keys, err := object(text)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", id, err)
		}
		if !hasKey(keys, "triggered") {
			keys["triggered"] = true
		}
		y.Rules[id] = keys
	}
	for _, part := range []struct {
		kind string
		from texts
		into *map[string]map[string]any
	}{{"sources", b.SourceConfig, &y.SourceConfig}, {"sinks", b.SinkConfig, &y.SinkConfig}, {"connections", b.ConnectionConfig, &y.ConnectionConfig}} {
		*part.into = map[string]map[string]any{}
		for typ, text := range part.from {
			var sets map[string]map[string]any
			if err := json.Unmarshal([]byte(text), &sets); err != nil {
				return nil, err
			}
			for name, props := range sets {
				(*part.into)[strings.Join([]string{part.kind, typ, name}, ".")] = props
			}
		}
	}
	var err error
	if y.Schema, err = objects(b.Schema); err != nil {
		return nil, fmt.Errorf("schema %w", err)
	}
	if y.Uploads, err = objects(b.Uploads); err != nil {
		return nil, fmt.Errorf("upload %w", err)
	}
	return y, nil
}

func statements(from texts) map[string]yamlStatement {
	out := map[string]yamlStatement{}
	for name, sql := range from {
		out[name] = yamlStatement{sql}
	}
	return out
}

// objects reads texts that are JSON objects.
func objects(from texts) (map[string]map[string]any, error) {
	out := map[string]map[string]any{}
	for name, text := range from {
		keys, err := object(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = keys
	}
	return out, nil
}

// object reads a JSON object. Whole numbers stay so.
func object(text string) (map[string]any, error) {
	var keys map[string]any
	if err := yaml.Unmarshal([]byte(text), &keys); err == nil && keys != nil { // JSON is YAML, which tells 1 from 1.0
		return keys, nil
	}
	keys = nil
	err := json.Unmarshal([]byte(text), &keys)
	return keys, err
}

func hasKey(keys map[string]any, name string) bool {
	for k := range keys {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}

// importYAML takes what is right of an export in YAML; what is not in it stays.
func (a *API) importYAML(w http.ResponseWriter, r *http.Request) error {
	text, err := a.contentIn(r)
	if err != nil {
		return err
	}
	b, err := readYAML(text)
	if err != nil {
		return err
	}
	o := optionsOf(r)
	o.partial = true
	wrong, err := a.take(r.Context(), b, o)
	if err == nil {
		err = failedImport(wrong)
	}
	if err != nil {
		return err
	}
	writeText(w, http.StatusOK, "success")
	a.stopAfter(o)
	return nil
}

// readYAML reads an export in YAML.
func readYAML(text string) (*bundle, error) {
	y, err := decodeYAML(text)
	if err != nil {
		return nil, fmt.Errorf("the content must be YAML as GET /v2/data/export gives it: %w", err)
	}
	b := newBundle()
	for name, s := range y.Streams {
		b.Streams[name] = s.SQL
	}
	for name, s := range y.Tables {
		b.Tables[name] = s.SQL
	}
	for _, part := range []struct {
		from map[string]map[string]any
		into texts
	}{{y.Rules, b.Rules}, {y.Schema, b.Schema}, {y.Uploads, b.Uploads}} {
		for name, keys := range part.from {
			text, err := compact(keys)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			part.into[name] = text
		}
	}
	for _, part := range []struct {
		from map[string]any
		into texts
	}{{y.NativePlugins, b.NativePlugins}, {y.PortablePlugins, b.PortablePlugins}, {y.Service, b.Service}, {y.Scripts, b.Scripts}} {
		for name := range part.from {
			part.into[name] = ""
		}
	}
	return b, errors.Join(
		setsOf("sources", y.SourceConfig, b.SourceConfig), setsOf("sinks", y.SinkConfig, b.SinkConfig),
		setsOf("connections", y.ConnectionConfig, b.ConnectionConfig))
}

func decodeYAML(text string) (y yamlBundle, err error) {
	if err := refuseAliases(text); err != nil {
		return y, err
	}
	dec := yaml.NewDecoder(strings.NewReader(text))
	dec.KnownFields(true)
	return y, dec.Decode(&y)
}

// refuseAliases refuses aliases: a few of them make gigabytes of a small text,
// and no export has any.
func refuseAliases(text string) error {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return err
	}
	return refuseAliasesIn(&document)
}

func refuseAliasesIn(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: the alias *%s is not possible; write what it stands for", n.Line, n.Value)
	}
	for _, below := range n.Content {
		if err := refuseAliasesIn(below); err != nil {
			return err
		}
	}
	return nil
}

// setsOf reads keys such as sources.mqtt.k1.
func setsOf(kind string, from map[string]map[string]any, into texts) error {
	types := map[string]map[string]any{}
	for path, props := range from {
		parts := strings.SplitN(path, ".", 3)
		if len(parts) != 3 || parts[0] != kind {
			return fmt.Errorf("key %q must be like %s.mqtt.k1", path, kind)
		}
		if types[parts[1]] == nil {
			types[parts[1]] = map[string]any{}
		}
		types[parts[1]][parts[2]] = props
	}
	for typ, sets := range types {
		text, err := compact(sets)
		if err != nil {
			return err
		}
		into[typ] = text
	}
	return nil
}
