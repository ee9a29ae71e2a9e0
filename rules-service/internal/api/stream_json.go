package api

import (
	"strconv"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// definition is a stream as the API shows it.
type definition struct {
	Name         string
	StreamFields []column
	Options      map[string]any
	StreamType   int
	Statement    any
}

type column struct {
	FieldType any
	Name      string
}

func streamJSON(def *sqlengine.Stream) definition {
	d := definition{Name: def.Name, Options: optionsJSON(def)}
	if !def.Schemaless {
		d.StreamFields = columns(def.Fields)
	}
	if def.Table {
		d.StreamType = 1
	}
	return d
}

func columns(fields []sqlengine.Field) []column {
	list := []column{}
	for i := range fields {
		list = append(list, column{typeJSON(&fields[i]), fields[i].Name})
	}
	return list
}

// typeJSON is a name for simple types and an object for the others.
func typeJSON(f *sqlengine.Field) any {
	switch f.Kind {
	case value.Object:
		return struct {
			Type   string
			Fields []column
		}{"struct", columns(f.Fields)}
	case value.List:
		var elem any
		if f.Elem != nil {
			elem = typeJSON(f.Elem)
		}
		return struct {
			Type        string
			ElementType any
		}{"array", elem}
	}
	return strings.ToLower(f.Kind.String())
}

// optionsJSON has each given option under eKuiper's name and under the one of
// the statement, which EdgeX's UI reads.
func optionsJSON(def *sqlengine.Stream) map[string]any {
	o := def.Options
	out := map[string]any{}
	text := func(json, sql, v string) {
		if v != "" {
			out[json], out[sql] = v, v
		}
	}
	flag := func(json, sql string, v bool) {
		if v {
			out[json], out[sql] = true, true
		}
	}
	text("datasource", "DATASOURCE", o.Datasource)
	text("format", "FORMAT", o.Format)
	text("confKey", "CONF_KEY", o.ConfKey)
	text("type", "TYPE", o.Type)
	text("key", "KEY", o.Key)
	text("schemaid", "SCHEMAID", o.SchemaID)
	text("delimiter", "DELIMITER", o.Delimiter)
	text("timestamp", "TIMESTAMP", o.Timestamp)
	text("timestampFormat", "TIMESTAMP_FORMAT", o.TimestampFormat)
	text("version", "VERSION", o.Version)
	text("extra", "EXTRA", o.Extra)
	if def.Table {
		text("kind", "KIND", o.Kind)
	}
	if o.RetainSize > 0 {
		out["retainSize"], out["RETAIN_SIZE"] = o.RetainSize, strconv.Itoa(o.RetainSize)
	}
	flag("shared", "SHARED", o.Shared)
	flag("strictValidation", "STRICT_VALIDATION", o.StrictValidation)
	flag("temp", "TEMP", o.Temp)
	return out
}
