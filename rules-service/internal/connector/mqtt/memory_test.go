package mqtt

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// TestMemoryOfSources: thousands of sources of one connection are small while
// nothing comes.
func TestMemoryOfSources(t *testing.T) {
	const (
		n    = 2000
		most = 850 // bytes a source; they were 715 when this was written
	)
	url := "tcp://" + servers.Mosquitto(t).Addr()
	info, err := registry().Source("mqtt")
	if err != nil {
		t.Fatal(err)
	}
	configs := make([]*connector.SourceConfig, n)
	for i := range configs {
		if configs[i], err = info.Decode(map[string]any{"datasource": fmt.Sprintf("own/%d", i), "server": url, "timeout": "60s"}, connectortest.Quiet()); err != nil {
			t.Fatal(err)
		}
	}
	sources := make([]connector.Source, n)
	before := heap()
	for i, c := range configs {
		if sources[i], err = c.Open(); err != nil {
			t.Fatal(err)
		}
		sources[i].(connector.Notifier).Notify(func() {})
	}
	for _, s := range sources {
		if err := s.Connect(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if each := (int(heap()) - int(before)) / n; each > most {
		t.Errorf("%d bytes a source, want at most %d", each, most)
	} else {
		t.Logf("%d bytes a source", each)
	}
	for _, s := range sources {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	runtime.KeepAlive(configs)
}
