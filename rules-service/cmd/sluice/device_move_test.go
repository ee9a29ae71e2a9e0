package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFromDeviceModbusGuide runs the commands of from-device-modbus.md with the
// profile that it shows.
func TestFromDeviceModbusGuide(t *testing.T) {
	page, err := os.ReadFile("../../../device-service/docs/from-device-modbus.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable() // it is sluice when it is called so, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "sluice")); err != nil {
		t.Fatal(err)
	}
	profiles := map[string]string{}
	for _, f := range fencesOf(string(page)) {
		if f.file != "" {
			profiles[f.file] = f.text
		}
	}
	url, _ := servePlant(t, deviceModbus(t), profiles, func(plc int) string {
		return fmt.Sprintf("[{name: meter-1, profileName: Legacy, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %q, UnitID: \"1\", Timeout: \"5\", IdleTimeout: \"5\"}}}]", fmt.Sprint(plc))
	})
	t.Chdir(t.TempDir())
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "SLUICE_DEVICE_SERVICE="+url)
	ran := 0
	for _, f := range fencesOf(string(page)) {
		if f.kind != "console" {
			continue
		}
		for _, part := range strings.Split("\n"+f.text, "\n$ ")[1:] {
			command, want, _ := strings.Cut(part, "\n")
			runShell(t, env, command, want)
			ran++
		}
	}
	if ran < 3 {
		t.Errorf("only %d commands were run", ran)
	}
}
