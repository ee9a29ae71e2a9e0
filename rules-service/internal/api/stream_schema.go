package api

import (
	"net/http"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// routeStreamSchemas routes the columns of streams and tables.
func (a *API) routeStreamSchemas(mux *routes) {
	for _, path := range []string{"/streams", "/tables"} {
		mux.Handle("GET "+path+"/{name}/schema", handle(codeStream, a.streamSchema))
	}
}

// schemaColumn is a declared column.
type schemaColumn struct {
	Type       string                   `json:"type"`
	Properties map[string]*schemaColumn `json:"properties,omitempty"`
	Items      *schemaColumn            `json:"items,omitempty"`
	Index      *int                     `json:"index,omitempty"`
}

// streamSchema answers with the declared columns or, where none is declared,
// with those that rules read, without types; null when there are none.
func (a *API) streamSchema(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	def, err := a.Rules.Stream(name)
	if err != nil {
		return err
	}
	var columns map[string]*schemaColumn
	if !def.Schemaless {
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

func schemaColumns(fields []sqlengine.Field) map[string]*schemaColumn {
	columns := map[string]*schemaColumn{}
	for i := range fields {
		c := schemaOf(&fields[i])
		c.Index = new(int) // eKuiper's is always 0
		columns[fields[i].Name] = c
	}
	return columns
}

func schemaOf(f *sqlengine.Field) *schemaColumn {
	switch f.Kind {
	case value.Object:
		c := &schemaColumn{Type: "struct", Properties: map[string]*schemaColumn{}}
		for i := range f.Fields {
			c.Properties[f.Fields[i].Name] = schemaOf(&f.Fields[i])
		}
		return c
	case value.List:
		c := &schemaColumn{Type: "array"}
		if f.Elem != nil {
			c.Items = schemaOf(f.Elem)
		}
		return c
	}
	return &schemaColumn{Type: strings.ToLower(f.Kind.String())}
}
