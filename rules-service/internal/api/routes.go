package api

import "net/http"

// routes is a mux that knows its patterns, which http.ServeMux does not tell:
// the OpenAPI document is compared with them.
type routes struct {
	mux      *http.ServeMux
	patterns []string // "GET /rules/{id}"
}

func newRoutes() *routes { return &routes{mux: http.NewServeMux()} }

// Handle adds a route.
func (r *routes) Handle(pattern string, h http.Handler) {
	r.patterns = append(r.patterns, pattern)
	r.mux.Handle(pattern, h)
}

// HandleFunc adds a route.
func (r *routes) HandleFunc(pattern string, h http.HandlerFunc) { r.Handle(pattern, h) }

// routes are all routes of the API.
func (a *API) routes() *routes {
	r := newRoutes()
	a.routeService(r)
	a.routeStreams(r, "/streams", "/streamdetails", false)
	a.routeStreams(r, "/tables", "/tabledetails", true)
	a.routeHealth(r)
	a.routeMetrics(r)
	a.routeConfigs(r)
	a.routeRules(r)
	a.routeRule(r)
	a.routeTags(r)
	a.routeTracing(r)
	a.routeApply(r)
	a.routeTrial(r)
	a.routeConnections(r)
	a.routeKeys(r)
	a.routeMetadata(r)
	a.routeDeadLetters(r)
	a.routeUploads(r)
	a.routeSchemas(r)
	a.routeExtensions(r)
	a.routeExport(r)
	a.routeImport(r)
	a.routeReconcile(r)
	a.routeDevices(r)
	a.routeBatch(r)
	a.routeOpenAPI(r)
	return r
}
