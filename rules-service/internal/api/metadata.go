package api

import (
	"fmt"
	"net/http"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/named"
)

// routeMetadata routes what user interfaces build their forms of.
func (a *API) routeMetadata(mux *routes) {
	for pattern, h := range map[string]handler{
		"GET /metadata/{kind}":        a.listTypes,
		"GET /metadata/{kind}/{type}": a.getForm,
	} {
		mux.Handle(pattern, handle(codeKey, h))
	}
	mux.HandleFunc("GET /metadata/functions", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, functionGroups()) })
	mux.HandleFunc("GET /metadata/operators", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, operators) })
}

// typeEntry is a type in a list of types.
type typeEntry struct {
	Name  string `json:"name"`
	About about  `json:"about"`
	Type  string `json:"type"`
}

// builtIn is the type of everything: there are no plugins.
const builtIn = "internal"

func (a *API) listTypes(w http.ResponseWriter, r *http.Request) error {
	kind, err := kindOf(r)
	if err != nil {
		return err
	}
	list := []typeEntry{}
	for _, name := range a.typesOf(kind, r.URL.Query().Get("kind") == "lookup") {
		summary, err := a.summary(kind, name)
		if err != nil {
			return err
		}
		list = append(list, typeEntry{name, aboutOf(summary), builtIn})
	}
	writeJSON(w, http.StatusOK, list)
	return nil
}

// typesOf lists the types of a kind; sources for lookup tables, or all others.
func (a *API) typesOf(kind named.Kind, lookups bool) []string {
	switch {
	case kind == named.Sinks:
		return a.Registry.Sinks()
	case kind == named.Connections:
		return a.Registry.Connections()
	case lookups:
		return a.Registry.Lookups()
	}
	return a.Registry.Sources()
}

func (a *API) summary(kind named.Kind, name string) (string, error) {
	switch kind {
	case named.Sinks:
		info, err := a.Registry.Sink(name)
		if err != nil {
			return "", err
		}
		return info.Summary, nil
	case named.Connections:
		info, err := a.Registry.Connection(name)
		if err != nil {
			return "", err
		}
		return info.Summary, nil
	}
	if info, err := a.Registry.Source(name); err == nil {
		return info.Summary, nil
	}
	info, err := a.Registry.Lookup(name)
	if err != nil {
		return "", err
	}
	return info.Summary, nil
}

// getForm describes the properties of a type: those of a sink in a list, as
// eKuiper has it, those of the others below "default".
func (a *API) getForm(w http.ResponseWriter, r *http.Request) error {
	kind, err := kindOf(r)
	if err != nil {
		return err
	}
	name := r.PathValue("type")
	summary, err := a.summary(kind, name)
	if err != nil {
		return err
	}
	f := form{About: aboutOf(summary), Libs: []string{}, Type: builtIn}
	switch kind {
	case named.Sinks:
		info, err := a.Registry.Sink(name)
		if err != nil {
			return err
		}
		f.Properties = a.controls(name, info.Fields)
		f.Common = a.controls("", connector.SinkFields())
		f.Node = nodeOf("sink", name)
	case named.Connections:
		info, err := a.Registry.Connection(name)
		if err != nil {
			return err
		}
		f.Properties = map[string][]control{"default": a.controls("", info.Fields)}
		f.Node = nodeOf("connection", name)
	default:
		a.sourceForm(&f, name)
	}
	writeJSON(w, http.StatusOK, f)
	return nil
}

// sourceForm takes the properties of a source, or of a lookup table.
func (a *API) sourceForm(f *form, name string) {
	var own, common []connector.Field
	if info, err := a.Registry.Source(name); err == nil {
		own, common = info.Fields, connector.SourceFields()
	} else if info, err := a.Registry.Lookup(name); err == nil {
		own, common = info.Fields, connector.LookupFields()
	}
	var fields []connector.Field
	for _, field := range own {
		if field.Name != "datasource" {
			fields = append(fields, field)
			continue
		}
		f.DataSource = &dataSource{Default: "", Hint: bilingual(field.Doc), Label: bilingual("Data source")}
	}
	f.Properties = map[string][]control{"default": a.controls(name, fields)}
	f.Common = a.controls("", common)
	f.Node = nodeOf("source", name)
}

// controls describes fields; those of a type that may be on a named connection
// begin with its selector.
func (a *API) controls(typ string, fields []connector.Field) []control {
	list := []control{}
	related := map[string]bool{}
	if info, err := a.Registry.Connection(typ); typ != "" && err == nil {
		list = append(list, a.selector(info.Name))
		for _, f := range info.Fields {
			related[f.Name] = true
		}
	}
	for _, f := range fields {
		if !f.Unsupported && f.Name != selectorName {
			c := controlOf(f)
			c.ConnectionRelated = related[f.Name]
			list = append(list, c)
		}
	}
	return list
}

// selectorName is the property that every type has, though few have named
// connections.
const selectorName = "connectionSelector"

// selector offers the connections of a type.
func (a *API) selector(typ string) control {
	c := controlOf(connector.Field{Name: selectorName, Type: "text",
		Doc: fmt.Sprintf("A named connection of type %s, instead of the properties of a connection.", typ)})
	c.Control, c.Values = "select", []any{}
	for _, id := range a.Named.IDs(named.Connections) {
		if id.Type == typ {
			c.Values = append(c.Values, id.Name)
		}
	}
	return c
}
