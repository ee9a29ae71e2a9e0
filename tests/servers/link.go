package servers

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// Link is a way to a server, on a port of its own, that can be cut.
type Link struct {
	Addr string // of this end

	to       string
	mu       sync.Mutex
	listener net.Listener // nil: it is cut
	conns    []net.Conn
}

// NewLink opens a way to the server at an address, until the end of the test.
func NewLink(t testing.TB, to string) *Link {
	t.Helper()
	l := &Link{Addr: fmt.Sprintf("127.0.0.1:%d", FreePort(t)), to: to}
	l.Open(t)
	t.Cleanup(l.Cut)
	return l
}

// Open lets connections through.
func (l *Link) Open(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", l.Addr)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listener = listener
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			l.join(listener, c)
		}
	}()
}

// join connects a client with the server, unless the link was cut meanwhile.
func (l *Link) join(through net.Listener, client net.Conn) {
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = client.Close()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, client, server)
	if l.listener != through {
		l.closeAll()
		return
	}
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close()
			_ = way[1].Close()
		}()
	}
}

// Cut ends all connections and lets none through.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		_ = l.listener.Close()
	}
	l.listener = nil
	l.closeAll()
}

func (l *Link) closeAll() {
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}
