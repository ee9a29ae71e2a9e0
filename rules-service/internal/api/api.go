// Package api is the rules service's REST interface: eKuiper's paths, bodies
// and codes, so that EdgeX's UI and existing scripts work unchanged.
package api

import (
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"sluice/rules-service/internal/rule"
)

// maxBody bounds the body of a request: a rule with long templates is a few
// kilobytes.
const maxBody = 4 << 20

// API answers requests about streams and rules.
type API struct {
	Rules   *rule.Manager
	Version string
	Token   string // wanted of every request but / and /ping; "" lets all in
	Stop    func() // ends the service
	Log     *slog.Logger

	started time.Time
}

// Handler is the API as an HTTP handler.
func (a *API) Handler() http.Handler {
	a.started = time.Now()
	mux := http.NewServeMux()
	a.routeService(mux)
	a.routeStreams(mux, "/streams", "/streamdetails", false)
	a.routeStreams(mux, "/tables", "/tabledetails", true)
	a.routeRules(mux)
	a.routeRule(mux)
	return a.trace(crossOrigin(a.authenticate(limit(routed(mux)))))
}

// crossOrigin lets pages of any origin call the API, as consoles do.
func crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		if r.Method != http.MethodOptions {
			h.Set("Access-Control-Expose-Headers", warningsHeader)
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "POST, GET, PUT, DELETE, HEAD")
		h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token")
		w.WriteHeader(http.StatusNoContent)
	})
}

// authenticate lets requests in that carry the token, with or without the word
// Bearer.
func (a *API) authenticate(next http.Handler) http.Handler {
	if a.Token == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" || r.URL.Path == "/ping" {
			next.ServeHTTP(w, r)
			return
		}
		given := r.Header.Get("Authorization")
		if len(given) > len("Bearer ") && strings.EqualFold(given[:len("Bearer ")], "Bearer ") {
			given = given[len("Bearer "):]
		}
		switch {
		case given == "":
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "missing_token", http.StatusUnauthorized)
		case subtle.ConstantTimeCompare([]byte(given), []byte(a.Token)) != 1:
			http.Error(w, "invalid_token", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}
