package stack

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/box/metadata"
	"sluice/tests/servers"
)

// ServeMetadata runs the stand-in for core-metadata, which uses a client of the
// bus, until the end of the test.
func ServeMetadata(t testing.TB, client messaging.MessageClient) (port int) {
	t.Helper()
	s, err := metadata.New(metadata.Options{File: filepath.Join(t.TempDir(), "metadata.json"), Bus: client})
	if err != nil {
		t.Fatal(err)
	}
	port = servers.FreePort(t)
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: s}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); s.Close() })
	return port
}

// Client makes a connected client of the bus.
func (b Bus) Client(t testing.TB, id string) messaging.MessageClient {
	t.Helper()
	c, err := messaging.NewMessageClient(types.MessageBusConfig{
		Type: b.Type, Broker: types.HostInfo{Host: "127.0.0.1", Port: b.Port, Protocol: b.protocol()},
		Optional: map[string]string{"ClientId": id, "Qos": "1", "KeepAlive": "10", "AutoReconnect": "true", "ConnectTimeout": "60"},
	})
	if err == nil {
		err = c.Connect()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Disconnect() })
	return c
}
