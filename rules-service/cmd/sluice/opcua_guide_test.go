package main

import (
	"crypto/sha1" //nolint:gosec // OPC UA names certificates by it
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/tests/guide"
	"sluice/tests/servers"
	"sluice/tests/stack"
)

// TestOPCUAGuide runs what the guide of device-opcua shows of the command line,
// with the profile of a PLC. The address and the thumbprint of the server are
// others.
func TestOPCUAGuide(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	peer := servers.NodeOPCUAMachines(t, false)
	plc, err := os.ReadFile(filepath.Join(stack.Root(), "profiles/opcua/plc.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	stack.WriteFile(t, folder, "profiles/plc.yaml", string(plc))
	stack.WriteFile(t, folder, "devices/all.yaml", fmt.Sprintf("deviceList:\n"+
		"  - {name: press-1, profileName: OPCUA-PLC, protocols: {opcua: {Endpoint: %q}}}\n"+
		"  - {name: press-2, profileName: OPCUA-PLC, protocols: {opcua: {Endpoint: %[1]q, Policy: Basic256Sha256}}}\n", peer.Endpoint()))
	url := newDeviceOPCUA(t).serve(t, folder, "guide")
	sum := sha1.Sum(peer.Certificate)
	print := hex.EncodeToString(sum[:])
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if found, _ := filepath.Glob(filepath.Join(folder, "pki/rejected", print+".der")); len(found) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody was refused")
		}
	}
	page := strings.NewReplacer("opc.tcp://192.168.0.50:4840", peer.Endpoint(), "3f2a97c0", print[:8]).Replace(guide.Page(t, "device-service/docs/opcua.md"))
	followGuide(t, newGuide(t, "SLUICE_OPCUA_SERVICE="+url, "SLUICE_DEVICE_SERVICE="+url), page, 5)
}
