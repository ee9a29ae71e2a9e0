package driver

import "net/http"

// Router is implemented by a driver that has routes of its own. They are asked
// for once.
type Router interface {
	Routes() []Route
}

// Route is one of a driver. It has the time limit of the service for a request,
// 5 s usually: what takes longer goes on behind it.
type Route struct {
	Method string
	// Path is below those of the service, such as opcua/browse/{id}; the handler
	// gets its parts by PathValue.
	Path    string
	Handler http.HandlerFunc
}
