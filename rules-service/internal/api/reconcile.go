package api

import (
	"errors"
	"net/http"
)

// routeReconcile routes what concerns the folder that is followed.
func (a *API) routeReconcile(mux *routes) {
	h := handle(codeUndefined, func(w http.ResponseWriter, r *http.Request) error {
		if a.Files == nil {
			return &located{http.StatusNotFound, codeNotFound, errors.New("no folder is followed by this service")}
		}
		a.Files.ServeHTTP(w, r)
		return nil
	})
	mux.Handle("GET /reconcile", h)
	mux.Handle("POST /reconcile", h)
}
