package api

import (
	"errors"
	"net/http"
)

// routeMetrics routes what Prometheus asks.
func (a *API) routeMetrics(r *routes) {
	r.Handle("GET /metrics", handle(codeUndefined, func(w http.ResponseWriter, r *http.Request) error {
		if a.Metrics == nil {
			return &located{http.StatusNotFound, codeNotFound, errors.New("metrics are switched off; set Metrics.Enabled to true")}
		}
		a.Metrics.ServeHTTP(w, r)
		return nil
	}))
}
