package edgex

import (
	"testing"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/go-cmp/cmp"
)

// The service's bus is the default. Its credentials stay with it: another
// server gets none of them.
func TestAddress(t *testing.T) {
	own := Bus{MessageBusInfo: config.MessageBusInfo{Type: "redis", Protocol: "redis", Host: "h", Port: 6379,
		Optional: map[string]string{"Password": "secret", "ClientId": "c"}}}
	bus := func(kind, protocol, host string, port int, optional map[string]string) types.MessageBusConfig {
		return types.MessageBusConfig{Type: kind, Broker: types.HostInfo{Host: host, Port: port, Protocol: protocol}, Optional: optional}
	}
	for _, c := range []struct {
		name string
		in   Address
		want types.MessageBusConfig
	}{
		{"nothing", Address{}, bus("redis", "redis", "h", 6379, own.Optional)},
		{"own credentials", Address{Optional: map[string]string{"password": "mine", "Qos": ""}},
			bus("redis", "redis", "h", 6379, map[string]string{"Password": "mine", "ClientId": "c"})},
		{"the same by name", Address{Type: "Redis", Server: "h", Port: 6379}, bus("redis", "redis", "h", 6379, own.Optional)},
		{"another server", Address{Server: "other"}, bus("redis", "redis", "other", 6379, map[string]string{})},
		{"another bus", Address{Type: "mqtt", Optional: map[string]string{"QOS": "1"}}, bus("mqtt", "tcp", "h", 1883, map[string]string{"Qos": "1"})},
		{"all", Address{Type: "NATS-core", Protocol: "tls", Server: "n", Port: 1}, bus("nats-core", "tls", "n", 1, map[string]string{})},
	} {
		if diff := cmp.Diff(c.want, c.in.on(own)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if len(own.Optional) != 2 || own.Optional["Password"] != "secret" {
		t.Errorf("the service's settings changed: %v", own.Optional)
	}
}
