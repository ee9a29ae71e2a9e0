package api

import (
	"net/http"
	"time"
)

// trace logs every request, and who asked for secrets. Queries, headers and bodies stay out: they may
// hold secrets.
func (a *API) trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		if secrets(r) && !open[r.URL.Path] && answer.status < http.StatusBadRequest {
			a.Log.Info("secrets were asked for", "path", r.URL.EscapedPath(), "by", r.RemoteAddr)
		}
		a.Log.Debug("request", "method", r.Method, "path", r.URL.EscapedPath(), "status", answer.status, "took", time.Since(start))
	})
}

// answer remembers the status of a response.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController what is below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
