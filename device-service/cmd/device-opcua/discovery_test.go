package main

import (
	"context"
	"crypto/sha1" //nolint:gosec // OPC UA names certificates by it
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

const discovering = `Service: {Host: 127.0.0.1, Port: %d, StartupMsg: started}
MessageBus: {Optional: {ClientId: device-opcua}}
Device: {DevicesDir: %[2]s/devices, ProfilesDir: %[2]s/profiles, Discovery: {Enabled: true, Interval: 0s}}
Driver: {PKI: %[2]s/pki, Timeout: 1m, DiscoveryServers: "%[3]s"}
`

const watcher = `[{"apiVersion": "v3", "provisionwatcher": {"name": "w", "serviceName": "device-opcua", "adminState": "UNLOCKED",
	"identifiers": {"ApplicationURI": "^urn:peer$"}, "discoveredDevice": {"profileName": "Counters", "adminState": "UNLOCKED"}}}]`

// A server that is found becomes a device where a provision watcher wants it. Its
// best policy is used, so it is read when its certificate is trusted.
func TestDiscoveredServer(t *testing.T) {
	peer := servers.NodeOPCUA(t)
	peer.Tell(t, "counters 3")
	bus, dir, port := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(t).Port}, t.TempDir(), servers.FreePort(t)
	meta := stack.ServeMetadata(t, bus.Client(t, "metadata"))
	common := stack.WriteFile(t, dir, "common.yaml", stack.Common(bus, meta, servers.FreePort(t)))
	stack.WriteFile(t, dir, "res/configuration.yaml", fmt.Sprintf(discovering, port, dir, peer.Endpoint()))
	stack.WriteFile(t, dir, "profiles/counters.yaml", profile)
	if err := os.Mkdir(filepath.Join(dir, "devices"), 0o755); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	service := stack.Start(t, []string{role + "=1"}, self, "-cc", common, "-cd", filepath.Join(dir, "res"))
	url := fmt.Sprintf("http://127.0.0.1:%d/api/v3/", port)
	stack.Eventually(t, func(context.Context) error { // the watcher needs its profile
		if !strings.Contains(service.Output(), "Service started in") {
			return errors.New("not started")
		}
		return nil
	})
	stack.MustCall(t, http.StatusMultiStatus, "POST", fmt.Sprintf("http://127.0.0.1:%d/api/v3/provisionwatcher", meta), watcher)

	name := fmt.Sprintf("opcua-127-0-0-1-%d", peer.Port)
	stack.Eventually(t, func(context.Context) error { // the service may not have heard of the watcher yet
		stack.MustCall(t, http.StatusAccepted, "POST", url+"discovery", "")
		if text := stack.MustCall(t, 200, "GET", url+"devices", ""); !strings.Contains(text, name) {
			return fmt.Errorf("not there: %s", text)
		}
		return nil
	})
	sum := sha1.Sum(peer.Certificate) //nolint:gosec // see above
	trust := url + "opcua/certificates/" + hex.EncodeToString(sum[:]) + "/trust"
	stack.Eventually(t, func(ctx context.Context) error {
		if code, text, err := stack.Call(ctx, "POST", trust, ""); code != http.StatusNoContent {
			return fmt.Errorf("not refused yet: %d %s, %v", code, text, err)
		}
		return nil
	})
	stack.Eventually(t, func(ctx context.Context) error {
		if code, text, err := stack.Call(ctx, "GET", url+"device/name/"+name+"/Counter", ""); !strings.Contains(text, `"value":"0"`) {
			return fmt.Errorf("%d %s, %v", code, text, err)
		}
		return nil
	})
}
