package main

import (
	"context"
	"net/http"
	"slices"

	"github.com/alecthomas/kong"
)

// opcuaWords are what the arguments and flags below "opcua" take: devices and
// certificates that the device service knows, and files.
func (p *position) opcuaWords(s *session, v *kong.Value) (list []candidate) {
	ctx, cancel := context.WithTimeout(s.ctx, nameTimeout)
	defer cancel()
	d := newDeviceService(p.deviceService(), p.set["service-token"])
	switch v.Name {
	case "server":
		devices, _, _ := d.devices(ctx) // a service that does not answer knows none
		for i := range devices {
			list = append(list, candidate{devices[i].Name, devices[i].Profile})
		}
	case "thumbprint":
		var known struct{ Certificates []serverCertificate }
		_, _ = d.exchange(ctx, http.MethodGet, "opcua/certificates", nil, &known)
		for _, one := range known.Certificates {
			if !slices.Contains(p.given, one.Thumbprint) {
				list = append(list, candidate{one.Thumbprint, one.State + " " + one.Subject})
			}
		}
	case "profile", "devices":
		return []candidate{{fileWord, v.Help}}
	}
	return list
}

// inOPCUA tells whether the command line has come to a command of "opcua".
func (p *position) inOPCUA() bool { return p.node.Parent != nil && p.node.Parent.Name == "opcua" }
