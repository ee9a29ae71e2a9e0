package edgex

import (
	"os"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/rules-service/internal/connector"
	"sluice/tests/servers"
)

// TLS to an MQTT bus: with the files and texts that Optional may name, per
// source or from the secret store of the service.
func TestMQTTWithTLS(t *testing.T) {
	s := servers.MosquittoTLS(t)
	read := func(file string) string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	bus := Bus{MessageBusInfo: config.MessageBusInfo{Type: "mqtt", Protocol: "ssl", Host: "127.0.0.1", Port: s.Port}}
	for _, c := range []struct {
		name     string
		port     int
		optional map[string]any
		want     string // in the error
	}{
		{"trusted", s.Port, map[string]any{"CaFile": s.CA}, ""},
		{"nothing given", s.Port, map[string]any{}, "x509"},
		{"any certificate", s.Port, map[string]any{"SkipCertVerify": "true"}, ""},
		{"client's files", s.MutualPort, map[string]any{"CaFile": s.CA, "CertFile": s.ClientCert, "KeyFile": s.ClientKey}, ""},
		{"client's files, any server", s.MutualPort, map[string]any{"CertFile": s.ClientCert, "KeyFile": s.ClientKey, "SkipCertVerify": "true"}, ""},
		{"client's texts", s.MutualPort, map[string]any{"CaPEMBlock": read(s.CA), "CertPEMBlock": read(s.ClientCert), "KeyPEMBlock": read(s.ClientKey)}, ""},
		{"no client certificate", s.MutualPort, map[string]any{"CaFile": s.CA}, "message bus at"},
		{"no such file", s.Port, map[string]any{"CaFile": "none.pem"}, "none.pem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := newSource(t, bus, map[string]any{"port": c.port, "optional": c.optional})
			err := source.Connect(t.Context())
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("error %v, want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer source.Close(t.Context())
			bus := Bus{MessageBusInfo: bus.MessageBusInfo}
			bus.Port, bus.Optional = c.port, map[string]string{}
			for k, v := range c.optional {
				bus.Optional[k] = v.(string)
			}
			publisher := dial(t, bus)
			defer publisher.Disconnect()
			publishText(t, publisher, c.name)
			if msgs, _, err := source.Read(t.Context()); err != nil || string(msgs[0].Payload) != c.name {
				t.Fatal(msgs, err)
			}
		})
	}
}

// User and password of a Redis bus, from the service and of one source alone.
func TestRedisWithPassword(t *testing.T) {
	p := servers.Redis(t, "--requirepass", "secret")
	info := config.MessageBusInfo{Type: "redis", Protocol: "redis", Host: "127.0.0.1", Port: p.Port}
	err := newSource(t, Bus{MessageBusInfo: info}, nil).Connect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Fatalf("without a password: %v", err)
	}
	own := newSource(t, Bus{MessageBusInfo: info}, map[string]any{"optional": map[string]any{"Password": "secret"}})
	info.Optional = map[string]string{"Password": "secret"}
	service := newSource(t, Bus{MessageBusInfo: info}, nil)
	c := dial(t, Bus{MessageBusInfo: info})
	defer c.Disconnect()
	for name, s := range map[string]connector.Source{"own": own, "service": service} {
		t.Run(name, func(t *testing.T) {
			if err := s.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer s.Close(t.Context())
			if err := c.Publish(types.MessageEnvelope{Payload: []byte("x")}, "edgex/events/device/a"); err != nil {
				t.Fatal(err)
			}
			if msgs, _, err := s.Read(t.Context()); err != nil || string(msgs[0].Payload) != "x" {
				t.Fatal(msgs, err)
			}
		})
	}
}
