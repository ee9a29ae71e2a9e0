package api

import "net/http"

// routeHealth routes what supervisors ask. Nobody needs a token for it.
func (a *API) routeHealth(r *routes) {
	r.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, struct {
			Status string `json:"status"`
		}{"ok"})
	})
	r.HandleFunc("GET /readyz", a.ready)
}

// ready answers 503 while the service starts, and says what it waits for.
func (a *API) ready(w http.ResponseWriter, _ *http.Request) {
	var answer struct {
		Ready   bool     `json:"ready"`
		Missing []string `json:"missing,omitempty"`
	}
	if a.Missing != nil {
		answer.Missing = a.Missing()
	}
	answer.Ready = len(answer.Missing) == 0
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, answer)
}
