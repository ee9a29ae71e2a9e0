package edgex

import (
	"context"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/tests/servers"
)

// A named connection is reached, and says why when it is not.
func TestPingOfABus(t *testing.T) {
	r := connector.NewRegistry()
	Register(r, Bus{})
	info, err := r.Connection("edgex")
	if err != nil {
		t.Fatal(err)
	}
	redis := servers.Redis(t)
	props := func(port int) map[string]any {
		return map[string]any{"type": "redis", "protocol": "redis", "host": "127.0.0.1", "port": port}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := info.Ping(ctx, props(redis.Port), env); err != nil {
		t.Error(err)
	}
	redis.Kill()
	if err := info.Ping(ctx, props(redis.Port), env); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("nobody listens: %v", err)
	}
	if err := info.Ping(ctx, map[string]any{"type": "kafka"}, env); err == nil || !strings.Contains(err.Error(), `there is no bus "kafka"`) {
		t.Errorf("error %v", err)
	}
}
