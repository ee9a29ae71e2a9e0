package main

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// deviceOPCUA is what a device-opcua runs on.
type deviceOPCUA struct {
	program, common string
}

func newDeviceOPCUA(t *testing.T) *deviceOPCUA {
	t.Helper()
	d := &deviceOPCUA{program: filepath.Join(stack.Binaries(t), "device-opcua")}
	bus := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(t).Port}
	meta := stack.ServeMetadata(t, bus.Client(t, "metadata"))
	d.common = stack.WriteFile(t, t.TempDir(), "common.yaml", stack.Common(bus, meta, servers.FreePort(t)))
	return d
}

// serve runs a service with the profiles and devices of a folder, and returns
// its address.
func (d *deviceOPCUA) serve(t *testing.T, folder, key string) string {
	t.Helper()
	for _, dir := range []string{"profiles", "devices"} {
		if err := os.MkdirAll(filepath.Join(folder, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	own := servers.FreePort(t)
	stack.WriteFile(t, folder, "configuration.yaml", fmt.Sprintf("Service: {Host: 127.0.0.1, Port: %d, StartupMsg: started}\nMessageBus: {Optional: {ClientId: %[2]s}}\n"+
		"Device: {ProfilesDir: %[3]s/profiles, DevicesDir: %[3]s/devices}\nDriver: {PKI: %[3]s/pki, Timeout: 1m}\n", own, key, folder))
	stack.Start(t, nil, d.program, "-cc", d.common, "-cd", folder, "-i", key)
	url := fmt.Sprintf("http://127.0.0.1:%d", own)
	stack.Answers(t, url+"/api/v3/opcua/certificates")
	return url
}

// Each script has a device-opcua, and a server that is not ours.
func TestOPCUAScripts(t *testing.T) {
	d, peer := newDeviceOPCUA(t), servers.NodeOPCUAMachines(t, false)
	sum := sha1.Sum(peer.Certificate)
	var count atomic.Int64 // scripts run side by side
	testscript.Run(t, testscript.Params{
		Dir: "testdata/opcua",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SLUICE_OPCUA_SERVICE", d.serve(t, filepath.Join(env.WorkDir, "service"), fmt.Sprintf("s%d", count.Add(1))))
			env.Setenv("ENDPOINT", peer.Endpoint())
			env.Vars = append(env.Vars, raceAtExit)
			env.Setenv("THUMBPRINT", hex.EncodeToString(sum[:]))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"execcode": func(ts *testscript.TestScript, _ bool, args []string) { execCode(ts, args[0], args[1:]) },
			"until":    func(ts *testscript.TestScript, _ bool, args []string) { until(ts, args[0], args[1:]) },
			// service runs another device-opcua with what is in a folder.
			"service": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv("SLUICE_DEVICE_SERVICE", d.serve(t, ts.MkAbs(args[0]), fmt.Sprintf("s%d", count.Add(1))))
			},
		},
		UpdateScripts: os.Getenv("UPDATE") != "",
	})
}
