// Package profiles holds device profiles and devices that are ready to use, as
// EdgeX's device services read them: a folder for each plant, in it a folder
// for each device service with its profiles and devices; and a folder for each
// protocol with profiles of usual devices, to copy and to change.
package profiles

import (
	"embed"
	"io/fs"
)

//go:embed boilerhouse modbus opcua
var files embed.FS

// Boilerhouse is the plant of the box: boiler-1 over Modbus TCP and boiler-2
// over OPC UA.
func Boilerhouse() fs.FS { return sub("boilerhouse") }

// Modbus are profiles of usual Modbus devices: an energy meter and a
// variable-frequency drive.
func Modbus() fs.FS { return sub("modbus") }

// OPCUA are profiles of usual OPC UA servers: a PLC and a CNC machine.
func OPCUA() fs.FS { return sub("opcua") }

func sub(folder string) fs.FS {
	part, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // only for an invalid name
	}
	return part
}
