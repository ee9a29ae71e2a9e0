// Package api is the rules service's REST interface: eKuiper's paths, bodies
// and codes, so that EdgeX's UI and existing scripts work unchanged.
package api

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/named"
	"sluice/rules-service/internal/rule"
)

// maxBody bounds the body of a request: a rule with long templates is a few
// kilobytes.
const maxBody = 4 << 20

// API answers requests about streams and rules.
type API struct {
	Rules    *rule.Manager
	Named    *named.Book
	Registry *connector.Registry
	Metadata CoreMetadata    // where profiles and devices are imported to
	Env      connector.Env   // to test connections with
	Schemas  *codec.Messages // of Env; nil: its own
	DataDir  string          // of uploads and schemas
	EtcDir   string          // has schemas and init.json too; "": none
	Version  string
	Token    string          // wanted of every request but those of supervisors
	Checkers []Checker       // of other tokens; without them and Token everybody is let in
	Missing  func() []string // what /readyz waits for
	Metrics  http.Handler    // of /metrics; nil: they are switched off
	Files    http.Handler    // of /reconcile; nil: no folder is followed
	// Configure changes settings for PATCH /configs.
	Configure func(Changes) error
	Stop      func() // ends the service
	// Restart ends it with the exit code that asks for a new start; nil: Stop.
	Restart func()
	Log     *slog.Logger

	started time.Time
	routed  http.Handler // all routes, for who may use them
	pings   *pings
	sets    sync.Mutex // held while a set of properties changes
	imports imports
	tasks   tasks
}

// Handler is the API as an HTTP handler.
func (a *API) Handler() http.Handler {
	a.started, a.pings = time.Now(), newPings()
	if a.Schemas == nil {
		a.Schemas = Messages(a.DataDir, a.EtcDir)
	}
	a.routed = routed(a.routes())
	return a.trace(crossOrigin(a.authenticate(limit(a.routed))))
}

// crossOrigin lets pages of any origin call the API, as consoles do.
func crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		if r.Method != http.MethodOptions {
			h.Set("Access-Control-Expose-Headers", warningsHeader+", "+totalHeader)
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "POST, GET, PUT, PATCH, DELETE, HEAD")
		h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token")
		w.WriteHeader(http.StatusNoContent)
	})
}

func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bound := int64(maxBody)
		if takesMuch(r.URL.Path) {
			bound = maxSet
		}
		r.Body = http.MaxBytesReader(w, r.Body, bound)
		next.ServeHTTP(w, r)
	})
}
