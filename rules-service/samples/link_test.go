package samples

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"sluice/tests/servers"
)

// link is a way to a server that can be cut.
type link struct {
	addr, to string

	mu       sync.Mutex
	listener net.Listener // nil: it is cut
	conns    []net.Conn
}

func newLink(t *testing.T, to string) *link {
	t.Helper()
	l := &link{addr: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), to: to}
	l.open(t)
	t.Cleanup(l.cut)
	return l
}

func (l *link) open(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", l.addr)
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
func (l *link) join(through net.Listener, client net.Conn) {
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

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		_ = l.listener.Close()
	}
	l.listener = nil
	l.closeAll()
}

func (l *link) closeAll() {
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}
