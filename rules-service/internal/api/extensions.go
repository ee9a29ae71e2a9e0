package api

import (
	"errors"
	"fmt"
	"net/http"
)

// routeExtensions routes the calls about what this service has not. Connectors
// and functions are compiled in, so lists of plugins are empty and creation is
// refused; metrics are read by others, not dumped.
func (a *API) routeExtensions(mux *routes) {
	for _, e := range []struct{ path, what string }{
		{"/plugins/sources", "source plugin"}, {"/plugins/sinks", "sink plugin"}, {"/plugins/functions", "function plugin"},
		{"/plugins/portables", "portable plugin"}, {"/plugins/udfs", "function of a plugin"},
		{"/services", "service"}, {"/services/functions", "function of a service"}, {"/udf/javascript", "JavaScript function"},
	} {
		mux.HandleFunc("GET "+e.path, emptyList)
		mux.Handle("GET "+e.path+"/{name}", absent(e.what))
		if e.path == "/plugins/udfs" || e.path == "/services/functions" {
			continue // they come with their plugin or service
		}
		mux.Handle("POST "+e.path, refuseCreation(e.what))
		mux.Handle("PUT "+e.path+"/{name}", absent(e.what))
		mux.Handle("DELETE "+e.path+"/{name}", absent(e.what))
	}
	for _, kind := range []string{"sources", "sinks", "functions"} {
		mux.HandleFunc("GET /plugins/"+kind+"/prebuild", func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, struct{}{})
		})
	}
	mux.Handle("POST /plugins/functions/{name}/register", absent("function plugin"))
	mux.Handle("GET /plugins/portables/{name}/status", absent("portable plugin"))
	mux.HandleFunc("GET /metrics/dump/check", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "disabled") })
	mux.Handle("GET /metrics/dump", handle(codeUndefined, func(http.ResponseWriter, *http.Request) error {
		return errors.New("metrics are not dumped to files; read them at /metrics")
	}))
}

func emptyList(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, []string{}) }

func absent(what string) http.Handler {
	return handle(codeNotFound, func(_ http.ResponseWriter, r *http.Request) error {
		err := fmt.Errorf("%s %s is not found; there are none", what, r.PathValue("name"))
		return &located{http.StatusNotFound, codeNotFound, err}
	})
}

func refuseCreation(what string) http.Handler {
	return handle(codeUndefined, func(http.ResponseWriter, *http.Request) error {
		return fmt.Errorf("a %s cannot be added: connectors and functions of this service are compiled in", what)
	})
}
