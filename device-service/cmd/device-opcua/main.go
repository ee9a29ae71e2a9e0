// Command device-opcua is the EdgeX device service for OPC UA.
package main

import (
	"cmp"
	"os"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/edgex"
	"sluice/device-service/internal/opcua"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

// section is the one that device-opc-ua has in its configuration.
const section = "OPCUAServer"

func main() {
	os.Exit(edgex.Run(edgex.Service{
		Key:     "device-opcua",
		Version: version,
		Summary: "reads, writes and subscribes to OPC UA servers for EdgeX 3.1",
		New:     newDriver,
	}))
}

func newDriver(env edgex.Env) driver.Driver {
	var config opcua.ServiceConfig
	if err := env.Section(section, &config); err != nil {
		env.Log.Error("section of the configuration is not used", "section", section, "error", err)
	}
	defaults := config.OPCUAServer
	pki := opcua.NewPKI(cmp.Or(env.Config["PKI"], "./pki"), opcua.ApplicationURI)
	pki.Use(defaults.CertFile, defaults.KeyFile)
	d := opcua.New(opcua.Options{Timeout: timeout(env), PKI: pki, Secret: env.Secret, Log: env.Log, Defaults: defaults, Config: env.Config})
	if defaults.DeviceName != "" {
		env.Watch(section+"/Writable", &opcua.Writable{}, func(changed any) {
			w, ok := changed.(*opcua.Writable)
			if !ok {
				return
			}
			if err := d.SetWritable(*w); err != nil {
				env.Log.Error("resources are not subscribed to", "section", section, "error", err)
			}
		})
	}
	return d
}

// timeout is Driver.Timeout; 0 without one.
func timeout(env edgex.Env) time.Duration {
	text := env.Config["Timeout"]
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		env.Log.Error("Driver.Timeout is not used: write a time span with its unit, such as 5s", "value", text)
		return 0
	}
	return d
}
