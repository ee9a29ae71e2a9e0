package hub

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// configure checks a stream's definition and returns the format and the
// connection that it asks for.
func (h *Hub) configure(def *sqlengine.Stream) (e encoding, conf *connector.SourceConfig, err error) {
	if conf, err = h.connection(def); err != nil {
		return e, nil, err
	}
	if e, err = h.encodingOf(def, conf); err != nil {
		return e, nil, err
	}
	if _, err := e.decoder(&value.Schema{}, def); err != nil {
		return e, nil, err
	}
	return e, conf, nil
}

// connection is what the source of a stream is made of.
func (h *Hub) connection(def *sqlengine.Stream) (*connector.SourceConfig, error) {
	info, err := h.reg.Source(strings.ToLower(def.Options.Type))
	if err != nil {
		return nil, err
	}
	props, connection, err := h.resolve(def, info.AllFields)
	if err != nil {
		return nil, err
	}
	conf, err := info.Decode(props, h.env)
	if err != nil {
		return nil, err
	}
	conf.Connection = connection
	return conf, nil
}

// defaultKey is the configuration key below all others of its source type.
const defaultKey = "default"

// resolve lays the properties of a stream over those of its configuration key
// and connection.
func (h *Hub) resolve(def *sqlengine.Stream, fields []connector.Field) (props map[string]any, connection string, err error) {
	own, err := properties(def, fields)
	if err != nil {
		return nil, "", err
	}
	l := connector.Layers{Type: strings.ToLower(def.Options.Type), Fields: fields, Own: own}
	if l.Sets, err = h.sets(l.Type, def.Options.ConfKey); err != nil {
		return nil, "", err
	}
	return l.Resolve(h.env.Named)
}

// sets are the properties of the default key, and of the one that is named.
func (h *Hub) sets(sourceType, key string) ([]map[string]any, error) {
	given := key != "" && !strings.EqualFold(key, defaultKey)
	if h.env.Named == nil {
		if given {
			return nil, fmt.Errorf("unknown CONF_KEY %q; there are no configuration keys", key)
		}
		return nil, nil
	}
	common, err := h.env.Named.Source(sourceType, defaultKey)
	if err != nil || !given {
		return []map[string]any{common}, err
	}
	own, err := h.env.Named.Source(sourceType, key)
	if err != nil {
		return nil, fmt.Errorf("CONF_KEY: %w", err)
	}
	return []map[string]any{common, own}, nil
}

// properties are those of EXTRA, and the options that sources know as such.
func properties(def *sqlengine.Stream, fields []connector.Field) (map[string]any, error) {
	props := map[string]any{}
	if def.Options.Extra != "" {
		dec := json.NewDecoder(bytes.NewReader([]byte(def.Options.Extra)))
		dec.UseNumber()
		if err := dec.Decode(&props); err != nil {
			return nil, fmt.Errorf("EXTRA must be a JSON object: %w", err)
		}
	}
	if def.Options.Datasource != "" {
		props["datasource"] = def.Options.Datasource
	}
	override(props, fields, "delimiter", def.Options.Delimiter)
	override(props, fields, "schemaId", def.Options.SchemaID)
	return props, nil
}

// override sets a property that an option of the stream gives, where the source
// has it.
func override(props map[string]any, fields []connector.Field, name, text string) {
	if text == "" || !slices.ContainsFunc(fields, func(f connector.Field) bool { return f.Name == name }) {
		return
	}
	maps.DeleteFunc(props, func(given string, _ any) bool { return strings.EqualFold(given, name) })
	props[name] = text
}

func decoderOptions(def *sqlengine.Stream, wholeNumbers bool) codec.DecoderOptions {
	o := codec.DecoderOptions{Strict: def.Options.StrictValidation, Int64ForWholeNumber: wholeNumbers}
	if !def.Schemaless {
		o.Fields = def.Fields
	}
	return o
}
