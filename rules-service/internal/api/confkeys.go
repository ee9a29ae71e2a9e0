package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sluice/rules-service/internal/named"
)

// routeKeys routes configuration keys and tests of connections. The kind in a
// path is sources, sinks or connections.
func (a *API) routeKeys(mux *routes) {
	for pattern, h := range map[string]handler{
		"GET /metadata/{kind}/yaml/{type}":              a.getKeys,
		"PUT /metadata/{kind}/{type}/confKeys/{key}":    a.putKey,
		"DELETE /metadata/{kind}/{type}/confKeys/{key}": a.deleteKey,
		"GET /metadata/resources":                       a.listResources,
		"GET /metadata/resource":                        a.listResource,
	} {
		mux.Handle(pattern, handle(codeKey, h))
	}
	mux.Handle("POST /metadata/{kind}/connection/{type}", handle(codeUndefined, a.testConnection))
}

// kindOf reads the kind of sets in a path.
func kindOf(r *http.Request) (named.Kind, error) {
	switch kind := named.Kind(r.PathValue("kind")); kind {
	case named.Sources, named.Sinks, named.Connections:
		return kind, nil
	}
	err := fmt.Errorf("%s is unknown; there are sources, sinks and connections", r.URL.Path)
	return "", &located{http.StatusNotFound, codeNotFound, err}
}

func (a *API) getKeys(w http.ResponseWriter, r *http.Request) error {
	kind, err := kindOf(r)
	if err != nil {
		return err
	}
	typ := r.PathValue("type")
	if err := a.checkType(kind, typ); err != nil {
		return err
	}
	keys := map[string]any{}
	for _, id := range a.Named.IDs(kind) {
		if !strings.EqualFold(id.Type, typ) {
			continue
		}
		if keys[id.Name], err = a.Named.Masked(id); err != nil {
			return err
		}
	}
	writeJSON(w, http.StatusOK, keys)
	return nil
}

func (a *API) checkType(kind named.Kind, typ string) error {
	var err error
	switch kind {
	case named.Sinks:
		_, err = a.Registry.Sink(typ)
	case named.Connections:
		_, err = a.Registry.Connection(typ)
	default:
		if _, err = a.Registry.Source(typ); err != nil {
			if _, e := a.Registry.Lookup(typ); e == nil {
				return nil
			}
		}
	}
	return err
}

func (a *API) keyID(r *http.Request) (named.ID, error) {
	kind, err := kindOf(r)
	if err != nil {
		return named.ID{}, err
	}
	typ := r.PathValue("type")
	return named.ID{Kind: kind, Type: typ, Name: r.PathValue("key")}, a.checkType(kind, typ)
}

func (a *API) putKey(w http.ResponseWriter, r *http.Request) error {
	id, err := a.keyID(r)
	if err != nil {
		return err
	}
	if err := checkPlainName(id.Name); err != nil {
		return err
	}
	var props map[string]any
	if err := decode(r, &props, `{"server": "tcp://127.0.0.1:1883"}`); err != nil {
		return err
	}
	if err := a.putSet(id, props); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (a *API) deleteKey(w http.ResponseWriter, r *http.Request) error {
	id, err := a.keyID(r)
	if err != nil {
		return err
	}
	if err := a.deleteSet(id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// resources are the stored keys, each with its type; null when there are none.
type resources struct {
	Sinks   []map[string]string `json:"sinks"`
	Sources []map[string]string `json:"sources"`
}

func (a *API) listResources(w http.ResponseWriter, _ *http.Request) error {
	list := func(kind named.Kind) (out []map[string]string) {
		for _, id := range a.Named.Stored(kind) {
			out = append(out, map[string]string{id.Name: id.Type})
		}
		return out
	}
	writeJSON(w, http.StatusOK, resources{list(named.Sinks), list(named.Sources)})
	return nil
}

// listResource answers with the stored keys of one type, named by sourceType or
// sinkType.
func (a *API) listResource(w http.ResponseWriter, r *http.Request) error {
	kind, typ := named.Sources, r.URL.Query().Get("sourceType")
	if t := r.URL.Query().Get("sinkType"); t != "" {
		kind, typ = named.Sinks, t
	}
	if typ == "" {
		return errors.New("the query must name a type, such as sourceType=mqtt or sinkType=mqtt")
	}
	keys := map[string]map[string]any{}
	for _, id := range a.Named.Stored(kind) {
		if !strings.EqualFold(id.Type, typ) {
			continue
		}
		props, err := a.Named.Masked(id)
		if err != nil {
			return err
		}
		keys[id.Name] = props
	}
	writeJSON(w, http.StatusOK, keys)
	return nil
}
