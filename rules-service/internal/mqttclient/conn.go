package mqttclient

import (
	"bufio"
	"net"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// readAhead holds a burst of messages: paho reads a packet's first byte, its
// length and its body by themselves, each a system call on a bare connection.
const readAhead = 8 << 10

// bufferedConn reads ahead, gives up a write that the broker does not take in
// time, as paho limits those of publications alone, and ends gently.
type bufferedConn struct {
	net.Conn
	r       *bufio.Reader
	timeout time.Duration
	leaving atomic.Bool   // DISCONNECT was written
	drained chan struct{} // closed when nothing more comes
	over    sync.Once
}

func (c *bufferedConn) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil {
		c.over.Do(func() { close(c.drained) })
	}
	return n, err
}

// disconnect is the first byte of that packet, which paho writes by itself.
const disconnect = 0xe0

func (c *bufferedConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	if err == nil && len(p) == 2 && p[0] == disconnect {
		c.leaving.Store(true)
	}
	return n, err
}

// farewell is how long the broker may take to end its side.
const farewell = 500 * time.Millisecond

// Close lets the broker read what was written: a socket that is closed with
// something unread in it resets the connection, and the acknowledgements before
// the DISCONNECT are lost.
func (c *bufferedConn) Close() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.leaving.Load() && tcp.CloseWrite() == nil {
		timer := time.NewTimer(farewell)
		defer timer.Stop()
		select {
		case <-c.drained: // paho still reads
		case <-timer.C:
		}
	}
	return c.Conn.Close()
}

// readsAhead tells whether connections to a server are ours to open. TLS and
// WebSocket connections read ahead by themselves, and paho knows proxies.
func readsAhead(server *url.URL) bool {
	proxied := os.Getenv("ALL_PROXY") != "" || os.Getenv("all_proxy") != ""
	return (server.Scheme == "tcp" || server.Scheme == "mqtt") && !proxied
}

// openTCP opens a connection that reads ahead.
func openTCP(server *url.URL, o paho.ClientOptions) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", server.Host, o.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	return &bufferedConn{Conn: conn, r: bufio.NewReaderSize(conn, readAhead), timeout: o.WriteTimeout, drained: make(chan struct{})}, nil
}
