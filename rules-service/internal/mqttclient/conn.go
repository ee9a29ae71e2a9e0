package mqttclient

import (
	"bufio"
	"net"
	"net/url"
	"os"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// readAhead holds a burst of messages: paho reads a packet's first byte, its
// length and its body by themselves, each a system call on a bare connection.
const readAhead = 8 << 10

// bufferedConn reads ahead.
type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

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
	return &bufferedConn{conn, bufio.NewReaderSize(conn, readAhead)}, nil
}
