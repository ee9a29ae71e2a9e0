package connectortest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Web is an HTTP server of a test that can go away and come back on its
// address.
type Web struct {
	addr    string
	handler http.Handler

	mu     sync.Mutex
	server *httptest.Server
}

// NewWeb starts a server on an address that nothing else takes meanwhile.
func NewWeb(t *testing.T, addr string, handler http.Handler) *Web {
	t.Helper()
	w := &Web{addr: addr, handler: handler}
	w.Start(t)
	t.Cleanup(func() { w.Stop(t) })
	return w
}

// URL is the address with its scheme.
func (w *Web) URL() string { return "http://" + w.addr }

// Start brings the server back.
func (w *Web) Start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: w.handler}}
	s.Start()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = s
}

// Stop makes the server go away with all its connections.
func (w *Web) Stop(*testing.T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server.CloseClientConnections()
	w.server.Close()
}
