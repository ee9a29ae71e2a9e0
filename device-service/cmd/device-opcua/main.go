// Command device-opcua is the EdgeX device service for OPC UA.
package main

import (
	"cmp"
	"os"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/edgex"
	"sluice/device-service/internal/opcua"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

func main() {
	os.Exit(edgex.Run(edgex.Service{
		Key:     "device-opcua",
		Version: version,
		Summary: "reads and writes OPC UA servers for EdgeX 3.1",
		New: func(env edgex.Env) driver.Driver {
			pki := opcua.NewPKI(cmp.Or(env.Config["PKI"], "./pki"), opcua.ApplicationURI)
			return opcua.New(opcua.Options{PKI: pki, Secret: env.Secret})
		},
	}))
}
