package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// later are the first levels of paths that clients may ask for and that are
// not served yet.
var later = []string{"async", "batch", "config", "configs", "connections", "data", "metadata", "metrics", "plugins", "ruleset", "ruletest",
	"schemas", "services", "trace", "tracer", "udf"}

// routed answers what no route of mux takes with an error in the form of all
// others, so that a client has one form to read.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		refusal := &refusal{ResponseWriter: w}
		h.ServeHTTP(refusal, r)
		if refusal.status == http.StatusMethodNotAllowed {
			fail(w, codeUndefined, &located{refusal.status, codeUndefined,
				fmt.Errorf("%s %s is not possible; there is %s", r.Method, r.URL.Path, w.Header().Get("Allow"))})
			return
		}
		w.Header().Del("Location") // mux may have thought of another spelling
		fail(w, codeNotFound, &located{http.StatusNotFound, codeNotFound, unrouted(r)})
	})
}

// unrouted says what is wrong with a path.
func unrouted(r *http.Request) error {
	levels := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if levels[0] == "v2" && len(levels) > 1 {
		levels = levels[1:]
	}
	if slices.Contains(later, levels[0]) {
		return fmt.Errorf("%s %s is not supported yet", r.Method, r.URL.Path)
	}
	if levels[0] == "rules" || levels[0] == "streams" || levels[0] == "tables" {
		return fmt.Errorf("there is no %s %s", r.Method, r.URL.Path)
	}
	return errors.New(r.URL.Path + " is unknown; there are /, /ping, /stop, /streams, /streamdetails, /tables, /tabledetails and /rules")
}

// refusal takes the status that mux gives what it has no route for, and leaves
// its text out.
type refusal struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (r *refusal) WriteHeader(status int) { r.status = status }

// Write drops the text.
func (r *refusal) Write(p []byte) (int, error) { return len(p), nil }
