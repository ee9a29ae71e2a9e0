package boilerhouse

import (
	"io"
	"net"
	"sync"
)

// front takes the connections of clients and passes them on to a server. The
// OPC UA library never closes a connection by itself, and a client that sends
// nothing keeps it from accepting others; the front does the one and prevents
// the other.
type front struct {
	listener net.Listener
	server   string

	accepting sync.WaitGroup
	relays    sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
}

func newFront(addr, server string) (*front, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &front{listener: listener, server: server, conns: map[net.Conn]bool{}}, nil
}

// start lets clients in.
func (f *front) start() { f.accepting.Go(f.accept) }

func (f *front) accept() {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.relays.Go(func() { f.relay(client) })
	}
}

// relay passes bytes both ways until one side ends. It calls the server when
// the client has begun to talk.
func (f *front) relay(client net.Conn) {
	defer f.drop(client)
	if !f.keep(client) {
		return
	}
	first := make([]byte, 1)
	if _, err := client.Read(first); err != nil {
		return
	}
	server, err := net.Dial("tcp", f.server)
	if err != nil {
		return
	}
	defer f.drop(server)
	if !f.keep(server) {
		return
	}
	if _, err := server.Write(first); err != nil {
		return
	}
	f.relays.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	})
	_, _ = io.Copy(server, client)
}

// keep notes a connection to close, or reports that it is too late.
func (f *front) keep(conn net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.conns[conn] = true
	return true
}

func (f *front) drop(conn net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = conn.Close()
	delete(f.conns, conn)
}

// close ends all connections and waits until they have ended.
func (f *front) close() {
	_ = f.listener.Close()
	f.accepting.Wait()
	f.mu.Lock()
	f.closed = true
	for conn := range f.conns {
		_ = conn.Close()
	}
	f.mu.Unlock()
	f.relays.Wait()
}
