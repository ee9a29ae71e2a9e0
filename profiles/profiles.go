// Package profiles holds device profiles and devices that are ready to use, as
// EdgeX's device services read them: a folder for each plant, in it a folder
// for each device service with its profiles and devices.
package profiles

import (
	"embed"
	"io/fs"
)

//go:embed boilerhouse
var files embed.FS

// Boilerhouse is the plant of the box: boiler-1 over Modbus TCP and boiler-2
// over OPC UA.
func Boilerhouse() fs.FS {
	plant, err := fs.Sub(files, "boilerhouse")
	if err != nil {
		panic(err) // only for an invalid name
	}
	return plant
}
