package main

import (
	"github.com/alecthomas/kong"
)

// deviceCmd is about the devices of a device service. It speaks to the routes
// of that service itself.
type deviceCmd struct {
	Service      string `env:"SLUICE_DEVICE_SERVICE" default:"http://127.0.0.1:59901" placeholder:"URL" help:"Address of the device service; the default is that of device-modbus."`
	ServiceToken string `env:"SLUICE_DEVICE_SERVICE_TOKEN" placeholder:"JWT" help:"Token of EdgeX, where the device service wants one."`

	List   deviceListCmd   `cmd:"" help:"List the devices and how they are."`
	Get    deviceGetCmd    `cmd:"" help:"Show a device: properties, what can be read and written, what is wrong."`
	Read   deviceReadCmd   `cmd:"" help:"Read values of a device now."`
	Write  deviceWriteCmd  `cmd:"" help:"Set values of a device."`
	Copy   deviceCopyCmd   `cmd:"" help:"Make devices like one that is there, with other properties."`
	Import deviceImportCmd `cmd:"" help:"Create and update devices from a list in CSV; shows first what changes."`
}

// AfterApply hands the client of the device service to the commands below.
func (c *deviceCmd) AfterApply(k *kong.Context) error { //nolint:unparam // kong wants the error
	k.Bind(newDeviceService(c.Service, c.ServiceToken))
	return nil
}

// device is one of a device service, as that shows it.
type device struct {
	Name           string
	Profile        string
	State          string
	AdminState     string
	OperatingState string
	LastConnected  string
	Error          string
	Faults         map[string]string
	AutoEvents     string
	Description    string
	Labels         []string
	Protocols      map[string]map[string]any
	Sources        []deviceSource
}

// deviceSource is what can be read or written.
type deviceSource struct {
	Name, Kind, ReadWrite, Type, Units string
	Resources                          []string // of a command
}

// readable tells whether the source can be read, and writable whether it can be set.
func (s *deviceSource) readable() bool { return s.ReadWrite != "W" }
func (s *deviceSource) writable() bool { return s.ReadWrite != "R" }
