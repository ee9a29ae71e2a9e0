package hub

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// configure checks a stream's definition and returns the format and the
// connection that it asks for.
func (h *Hub) configure(def *sqlengine.Stream) (format string, conf *connector.SourceConfig, err error) {
	if err := checkSupported(def); err != nil {
		return "", nil, err
	}
	info, err := h.reg.Source(strings.ToLower(def.Options.Type))
	if err != nil {
		return "", nil, err
	}
	props, err := properties(def)
	if err != nil {
		return "", nil, err
	}
	if conf, err = info.Decode(props, h.env); err != nil {
		return "", nil, err
	}
	if format = conf.Format; format == "" {
		format = strings.ToLower(def.Options.Format)
	}
	if _, err := codec.NewDecoder(format, &value.Schema{}, decoderOptions(def, conf.Common.UseInt64ForWholeNumber)); err != nil {
		return "", nil, err
	}
	return format, conf, nil
}

// checkSupported refuses what would be accepted and then not done.
func checkSupported(def *sqlengine.Stream) error {
	o := def.Options
	switch {
	case def.Table:
		return errors.New("tables are not supported yet")
	case o.SchemaID != "":
		return errors.New("SCHEMAID is not supported yet; declare the columns instead")
	case o.ConfKey != "" && !strings.EqualFold(o.ConfKey, "default"):
		return fmt.Errorf("unknown CONF_KEY %q; configuration keys are not supported yet, give the properties in EXTRA", o.ConfKey)
	}
	return nil
}

// properties are those of EXTRA, and the datasource.
func properties(def *sqlengine.Stream) (map[string]any, error) {
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
	return props, nil
}

func decoderOptions(def *sqlengine.Stream, wholeNumbers bool) codec.DecoderOptions {
	o := codec.DecoderOptions{Strict: def.Options.StrictValidation, Int64ForWholeNumber: wholeNumbers}
	if !def.Schemaless {
		o.Fields = def.Fields
	}
	return o
}
