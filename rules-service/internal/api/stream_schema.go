package api

import (
	"net/http"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// schemaColumn is a declared column.
type schemaColumn struct {
	Type       string                   `json:"type"`
	Properties map[string]*schemaColumn `json:"properties,omitempty"`
	Items      *schemaColumn            `json:"items,omitempty"`
	Index      int                      `json:"index"` // eKuiper's is always 0
}

// streamSchema answers with the columns of the stream's message, with the
// declared ones or, where none is declared,
// with those that rules read, without types; null when there are none.
func (a *API) streamSchema(table bool) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := r.PathValue("name")
		def, err := a.Rules.Definition(name, table)
		if err != nil {
			return err
		}
		var columns map[string]*schemaColumn
		if m, err := a.Schemas.Message(def.Options.SchemaID); err == nil {
			columns = schemaColumns(codec.MessageFields(m))
		} else if !def.Schemaless {
			columns = schemaColumns(def.Fields)
		} else if read := a.Rules.ColumnsRead(name); len(read) > 0 {
			columns = map[string]*schemaColumn{}
			for _, column := range read {
				columns[column] = nil
			}
		}
		writeJSON(w, http.StatusOK, columns)
		return nil
	}
}

func schemaColumns(fields []sqlengine.Field) map[string]*schemaColumn {
	columns := map[string]*schemaColumn{}
	for i := range fields {
		columns[fields[i].Name] = schemaOf(&fields[i])
	}
	return columns
}

func schemaOf(f *sqlengine.Field) *schemaColumn {
	switch f.Kind {
	case value.Object:
		return &schemaColumn{Type: "struct", Properties: schemaColumns(f.Fields)}
	case value.List:
		c := &schemaColumn{Type: "array"}
		if f.Elem != nil {
			c.Items = schemaOf(f.Elem)
		}
		return c
	}
	return &schemaColumn{Type: strings.ToLower(f.Kind.String())}
}
