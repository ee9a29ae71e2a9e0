// Command device-modbus is the EdgeX device service for Modbus.
package main

import (
	"os"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/edgex"
	"sluice/device-service/internal/modbus"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

func main() {
	os.Exit(edgex.Run(edgex.Service{
		Key:     "device-modbus",
		Version: version,
		Summary: "reads and writes Modbus devices for EdgeX 3.1",
		New:     func(env edgex.Env) driver.Driver { return modbus.New(env.Log, modbus.Options{Config: env.Config}) },
	}))
}
