package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"sluice/rules-service/internal/connector"
	"sluice/tests/servers"
)

// bridge is a NATS server that speaks MQTT through WebSocket.
func bridge(t *testing.T, secured *tls.Config) (port int) {
	t.Helper()
	port = servers.FreePort(t)
	o := &server.Options{Host: "127.0.0.1", Port: servers.FreePort(t), ServerName: "bridge", JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}
	o.MQTT.Host, o.MQTT.Port = "127.0.0.1", servers.FreePort(t)
	o.Websocket = server.WebsocketOpts{Host: "127.0.0.1", Port: port, NoTLS: secured == nil, TLSConfig: secured}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("nats does not answer")
	}
	return port
}

func TestWebSocket(t *testing.T) {
	files := servers.MosquittoTLS(t) // for its certificates
	folder := filepath.Dir(files.CA)
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "server.pem"), filepath.Join(folder, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		secured *tls.Config
		props   map[string]any
	}{
		"ws":  {nil, nil},
		"wss": {&tls.Config{Certificates: []tls.Certificate{pair}}, map[string]any{"rootCaPath": files.CA}},
	} {
		t.Run(name, func(t *testing.T) {
			props := map[string]any{"server": fmt.Sprintf("%s://127.0.0.1:%d/mqtt", name, bridge(t, c.secured)), "timeout": "20s"}
			maps.Copy(props, c.props)
			r := registry()
			s := openSource(t, r, with(props, "datasource", "in/+"))
			connectSource(t, s)
			out := openSink(t, r, with(with(props, "topic", "in/a"), "qos", 1))
			if err := out.Connect(limited(t)); err != nil {
				t.Fatal(err)
			}
			defer out.Close(context.Background())
			if err := out.Write(limited(t), []connector.Outbound{{Payload: []byte("x")}, {Payload: []byte("y")}}); err != nil {
				t.Fatal(err)
			}
			if got := readUntil(t, s, 2); got[0] != "x" || got[1] != "y" {
				t.Error(got)
			}
		})
	}
}
