package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"

	"sluice/box/metadata"
	"sluice/tests/servers"
)

// tables is the file of the stand-in for core-metadata.
type tables struct {
	Services map[string]dtos.DeviceService    `json:"services"`
	Profiles map[string]dtos.DeviceProfile    `json:"profiles"`
	Devices  map[string]dtos.Device           `json:"devices"`
	Watchers map[string]dtos.ProvisionWatcher `json:"provisionWatchers"`
}

// coreMetadata is the stand-in for core-metadata on a port of its own.
type coreMetadata struct {
	file   string
	bus    messaging.MessageClient
	port   int
	server *metadata.Server
	http   *http.Server
}

func newCoreMetadata(t *testing.T, dir string, bus messaging.MessageClient) *coreMetadata {
	m := &coreMetadata{file: filepath.Join(dir, "metadata.json"), bus: bus, port: servers.FreePort(t)}
	m.start(t)
	t.Cleanup(m.stop)
	return m
}

func (m *coreMetadata) start(t *testing.T) {
	t.Helper()
	var err error
	if m.server, err = metadata.New(metadata.Options{File: m.file, Bus: m.bus}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", m.port))
	if err != nil {
		t.Fatal(err)
	}
	m.http = &http.Server{Handler: m.server}
	go func(s *http.Server) { _ = s.Serve(l) }(m.http)
}

func (m *coreMetadata) stop() {
	if m.http == nil {
		return
	}
	_ = m.http.Shutdown(context.Background())
	m.server.Close()
	m.http = nil
}

// edit changes what core-metadata has, and tells nobody.
func (m *coreMetadata) edit(t *testing.T, change func(*tables)) {
	t.Helper()
	var x tables
	text, err := os.ReadFile(m.file)
	if err == nil {
		err = json.Unmarshal(text, &x)
	}
	if err != nil {
		t.Fatal(err)
	}
	change(&x)
	if text, err = json.Marshal(x); err == nil {
		err = os.WriteFile(m.file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
