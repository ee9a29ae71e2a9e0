package connectortest

import (
	"net/http"
	"net/http/httptest"
)

// Direct is a client that reaches h, and nothing else, without a network: so
// that time can pass in a bubble.
func Direct(h http.Handler) *http.Client { return &http.Client{Transport: direct{h}} }

type direct struct{ http.Handler }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil { // as a server never sees it
		req.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, req)
	return w.Result(), nil
}
