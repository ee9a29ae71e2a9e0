package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// routed answers what no route of mux takes with an error in the form of all
// others, so that a client has one form to read.
func routed(routes *routes) http.Handler {
	mux := routes.mux
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
		fail(w, codeNotFound, &located{http.StatusNotFound, codeNotFound, routes.unrouted(r)})
	})
}

// unrouted says what is wrong with a path.
func (r *routes) unrouted(req *http.Request) error {
	known := r.levels()
	if slices.Contains(known, firstLevel(req.URL.Path)) {
		return fmt.Errorf("there is no %s %s", req.Method, req.URL.Path)
	}
	return fmt.Errorf("%s is unknown; there are %s", req.URL.Path, strings.Join(known, ", "))
}

// levels are the first levels of all routes, in order.
func (r *routes) levels() []string {
	var levels []string
	for _, pattern := range r.patterns {
		_, path, _ := strings.Cut(pattern, " ")
		if path = strings.TrimSuffix(path, "{$}"); path != "/" {
			path = firstLevel(path)
		}
		levels = append(levels, path)
	}
	slices.Sort(levels)
	return slices.Compact(levels)
}

// firstLevel is the begin of a path, "/rules" of "/rules/hot"; a version in
// front of it counts as part of it.
func firstLevel(path string) string {
	levels := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3)
	if levels[0] == "v2" && len(levels) > 1 {
		return "/v2/" + levels[1]
	}
	return "/" + levels[0]
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
