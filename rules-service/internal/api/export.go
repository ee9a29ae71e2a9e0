package api

import (
	"fmt"
	"net/http"
	"strconv"

	"sluice/rules-service/internal/named"
	"sluice/rules-service/internal/rule"
)

func (a *API) routeExport(mux *routes) {
	for pattern, h := range map[string]handler{
		"POST /ruleset/export": a.exportRuleset,
		"GET /ruleset/export":  a.exportRuleset,
		"GET /data/export":     a.exportAll,
		"POST /data/export":    a.exportSome,
		"GET /v2/data/export":  a.exportYAML,
	} {
		mux.Handle(pattern, handle(codeUndefined, h))
	}
}

// attach answers with a file.
func attach(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", "Attachment")
	_, _ = w.Write([]byte(text)) // the client has gone
}

// ruleset is the small form of an export.
type ruleset struct {
	Streams map[string]string `json:"streams"`
	Tables  map[string]string `json:"tables"`
	Rules   map[string]string `json:"rules"`
}

func (a *API) exportRuleset(w http.ResponseWriter, r *http.Request) error {
	set, err := a.Rules.Definitions()
	if err == nil {
		err = a.maskSet(r, set)
	}
	if err != nil {
		return err
	}
	text, err := compact(ruleset{set.Streams, set.Tables, set.Rules})
	if err != nil {
		return err
	}
	attach(w, text)
	return nil
}

func (a *API) exportAll(w http.ResponseWriter, r *http.Request) error {
	set, err := a.Rules.Definitions()
	if err != nil {
		return err
	}
	return a.export(w, r, set, func(rule.Reference) bool { return true }, true)
}

// exportSome exports rules, and what they need.
func (a *API) exportSome(w http.ResponseWriter, r *http.Request) error {
	var ids []string
	if err := decode(r, &ids, `["rule1"]`); err != nil {
		return err
	}
	set, uses, err := a.Rules.Needed(ids)
	if err != nil {
		return err
	}
	return a.export(w, r, set, uses, false)
}

// export answers with definitions, the sets of properties that they use and,
// with all, schemas and uploads.
func (a *API) export(w http.ResponseWriter, r *http.Request, set rule.Set, uses func(rule.Reference) bool, all bool) error {
	b, err := a.bundle(r, set, uses)
	if err != nil {
		return err
	}
	if all {
		if err := a.addFiles(b); err != nil {
			return err
		}
	}
	text, err := compact(b)
	if err != nil {
		return err
	}
	attach(w, text)
	return nil
}

func (a *API) bundle(r *http.Request, set rule.Set, uses func(rule.Reference) bool) (*bundle, error) {
	if err := a.maskSet(r, set); err != nil {
		return nil, err
	}
	b := newBundle()
	b.Streams, b.Tables, b.Rules = set.Streams, set.Tables, set.Rules
	for kind, part := range map[named.Kind]texts{named.Sources: b.SourceConfig, named.Sinks: b.SinkConfig, named.Connections: b.ConnectionConfig} {
		types := map[string]map[string]any{}
		for _, id := range a.Named.Stored(kind) {
			if !uses(referenceOf(id)) {
				continue
			}
			props, err := a.exported(r, id)
			if err != nil {
				return nil, err
			}
			if types[id.Type] == nil {
				types[id.Type] = map[string]any{}
			}
			types[id.Type][id.Name] = props
		}
		for typ, sets := range types {
			text, err := compact(sets)
			if err != nil {
				return nil, err
			}
			part[typ] = text
		}
	}
	return b, nil
}

// secrets tells whether the export was asked for with its secrets.
func secrets(r *http.Request) bool {
	with, _ := strconv.ParseBool(r.URL.Query().Get("secrets"))
	return with
}

func (a *API) exported(r *http.Request, id named.ID) (map[string]any, error) {
	if secrets(r) {
		return a.Named.Get(id)
	}
	return a.Named.Masked(id)
}

// uploadText is an upload in an export.
type uploadText struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// addFiles adds schemas and uploads. An upload that is no text is left out;
// JSON cannot hold it.
func (a *API) addFiles(b *bundle) error {
	for typ := range schemaTypes {
		names, err := a.schemaNames(typ)
		if err != nil {
			return err
		}
		for _, name := range names {
			s, err := a.schema(typ, name)
			if err != nil {
				return err
			}
			s.File = ""
			if b.Schema[typ+"_"+name], err = compact(s); err != nil {
				return err
			}
		}
	}
	names, err := a.uploads().list()
	if err != nil {
		return fmt.Errorf("list uploads: %w", err)
	}
	for _, name := range names {
		data, err := a.uploads().read(name)
		if err != nil {
			return fmt.Errorf("read upload: %w", err)
		}
		if !isText(data) {
			continue
		}
		if b.Uploads[name], err = compact(uploadText{name, string(data)}); err != nil {
			return err
		}
	}
	return nil
}
