package api

import (
	"errors"
	"net/http"
)

// errNoTracing is the answer to who wants rules traced.
var errNoTracing = errors.New("this service does not trace messages; GET /rules/{id}/status has the counters of each step")

// routeTracing routes eKuiper's tracing calls. There are no traces: what would
// start them fails, the lists are empty.
func (a *API) routeTracing(mux *routes) {
	refuse := func(http.ResponseWriter, *http.Request) error { return errNoTracing }
	mux.Handle("POST /tracer", handle(codeUndefined, refuse))
	mux.Handle("POST /rules/{id}/trace/start", handle(codeUndefined, refuse))
	mux.HandleFunc("POST /rules/{id}/trace/stop", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK) // it is not traced
	})
	mux.HandleFunc("GET /trace/rule/{id}", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, []string{})
	})
	mux.Handle("GET /trace/{trace}", handle(codeUndefined, func(http.ResponseWriter, *http.Request) error {
		return &located{http.StatusNotFound, codeNotFound, errors.New("trace is not found: " + errNoTracing.Error())}
	}))
}
