package main

import (
	"context"
	"os"
	"slices"

	"github.com/alecthomas/kong"
)

// deviceWords are what the arguments and flags below "device" take: names that
// the device service knows.
func (p *position) deviceWords(s *session, v *kong.Value) (list []candidate) {
	ctx, cancel := context.WithTimeout(s.ctx, nameTimeout)
	defer cancel()
	d := newDeviceService(p.deviceService(), p.set["service-token"])
	if v.Name == "device" {
		devices, _, _ := d.devices(ctx) // a service that does not answer knows none
		for i := range devices {
			list = append(list, candidate{devices[i].Name, devices[i].Profile})
		}
		return list
	}
	if len(p.given) == 0 {
		return nil
	}
	one, _, _ := d.device(ctx, p.given[0])
	for i := range one.Sources {
		source := &one.Sources[i]
		help := source.Type
		if source.Kind == "command" {
			help = "command"
		}
		switch {
		case v.Name == "source" && source.readable() && !slices.Contains(p.given[1:], source.Name):
			list = append(list, candidate{source.Name, help})
		case v.Name == "value" && source.writable() && source.Kind == "resource":
			list = append(list, candidate{source.Name + "=", help})
		case v.Name == "command" && source.writable() && source.Kind == "command":
			list = append(list, candidate{source.Name, ""})
		}
	}
	return list
}

// deviceService is the address that the command line, or else the environment,
// names.
func (p *position) deviceService() string {
	if address := p.set["service"]; address != "" {
		return address
	}
	f := p.flag("--service")
	for _, name := range f.Envs {
		if address := os.Getenv(name); address != "" {
			return address
		}
	}
	return f.Default
}

// inDevices tells whether the command line has come to a command of "device".
func (p *position) inDevices() bool { return p.node.Parent != nil && p.node.Parent.Name == "device" }
