package api

import (
	"net/http"
	"slices"
	"strconv"

	"sluice/sqlengine"
)

// routeStreams routes streams or tables.
func (a *API) routeStreams(mux *routes, path, details string, tables bool) {
	mux.Handle("GET "+path, handle(codeStream, func(w http.ResponseWriter, r *http.Request) error {
		return writePage(w, r, namesOf(a.listed(r, tables)), func(name string) string { return name })
	}))
	mux.Handle("GET "+details, handle(codeStream, func(w http.ResponseWriter, r *http.Request) error {
		return writePage(w, r, detailsOf(a.listed(r, tables)), func(d streamDetail) string { return d.Name })
	}))
	mux.Handle("POST "+path, handle(codeStream, a.executeStatement))
	mux.Handle("GET "+path+"/{name}", handle(codeStream, a.getStream(tables)))
	mux.Handle("GET "+path+"/{name}/schema", handle(codeStream, a.streamSchema(tables)))
	mux.Handle("PUT "+path+"/{name}", handle(codeStream, a.putStream))
	mux.Handle("DELETE "+path+"/{name}", handle(codeUndefined, a.deleteStream))
}

// listed are all streams or tables, or the tables of a kind: any other kind
// stands for all, as it does there.
func (a *API) listed(r *http.Request, tables bool) []*sqlengine.Stream {
	defs := a.Rules.Streams(tables)
	kind := r.URL.Query().Get("kind")
	if !tables || kind != "scan" && kind != "lookup" {
		return defs
	}
	return slices.DeleteFunc(defs, func(def *sqlengine.Stream) bool { return def.Options.Kind != kind })
}

func namesOf(defs []*sqlengine.Stream) []string {
	list := []string{}
	for _, d := range defs {
		list = append(list, d.Name)
	}
	return list
}

type streamDetail struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Format string `json:"format"`
}

func detailsOf(defs []*sqlengine.Stream) []streamDetail {
	list := []streamDetail{}
	for _, d := range defs {
		list = append(list, streamDetail{d.Name, d.Options.Type, d.Options.Format})
	}
	return list
}

// executeStatement runs any statement about streams; all of them answer 201
// there.
func (a *API) executeStatement(w http.ResponseWriter, r *http.Request) error {
	sql, err := sqlOf(r)
	if err != nil {
		return err
	}
	if sql, err = a.unmaskStatement(sql); err != nil {
		return err
	}
	text, err := a.Rules.Execute(sql)
	if err != nil {
		return err
	}
	if !secrets(r) {
		text, err = a.maskDescription(sql, text)
	}
	if err != nil {
		return err
	}
	writeText(w, http.StatusCreated, text)
	return nil
}

func (a *API) getStream(table bool) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		def, err := a.Rules.Definition(r.PathValue("name"), table)
		if err != nil {
			return err
		}
		if !secrets(r) {
			def = a.maskStream(def)
		}
		writeJSON(w, http.StatusOK, streamJSON(def))
		return nil
	}
}

func (a *API) putStream(w http.ResponseWriter, r *http.Request) error {
	sql, err := sqlOf(r)
	if err != nil {
		return err
	}
	if sql, err = a.unmaskStatement(sql); err != nil {
		return err
	}
	text, err := a.Rules.ReplaceStream(r.PathValue("name"), sql)
	if err != nil {
		return err
	}
	writeText(w, http.StatusOK, text)
	return nil
}

func (a *API) deleteStream(w http.ResponseWriter, r *http.Request) error {
	force, _ := strconv.ParseBool(r.URL.Query().Get("force"))
	text, err := a.Rules.DropStream(r.PathValue("name"), force)
	if err != nil {
		return missing(err)
	}
	writeText(w, http.StatusOK, text)
	return nil
}
