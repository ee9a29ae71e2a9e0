package main

import "github.com/alecthomas/kong"

// opcuaCmd is about the servers of device-opcua. It speaks to the routes of that
// service itself.
type opcuaCmd struct {
	Service      string `env:"SLUICE_OPCUA_SERVICE,SLUICE_DEVICE_SERVICE" default:"http://127.0.0.1:59997" placeholder:"URL" help:"Address of device-opcua."`
	ServiceToken string `env:"SLUICE_DEVICE_SERVICE_TOKEN" placeholder:"JWT" help:"Token of EdgeX, where the device service wants one."`

	Browse opcuaBrowseCmd `cmd:"" help:"Show what a server has, or write a profile and a device of it."`
	Trust  opcuaTrustCmd  `cmd:"" help:"Show certificates of servers; trust one, or take it off the list."`
}

// AfterApply hands the client of the device service to the commands below.
func (c *opcuaCmd) AfterApply(k *kong.Context) error { //nolint:unparam // kong wants the error
	k.Bind(newDeviceService(c.Service, c.ServiceToken))
	return nil
}
