package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"sluice/box/ports"
	"sluice/box/supervisor"
)

// host is where everything listens: the box is no server for others.
const host = "127.0.0.1"

// service is a program that the box runs.
type service struct {
	key   string // name of the program and of its folder below the data
	port  int    // of EdgeX's API
	ready string // URL that answers once it serves
	// registers is set for a device service: it tells core-metadata of itself.
	registers bool
}

func (f *flags) services() []service {
	ping := func(port int) string { return fmt.Sprintf("http://%s:%d/api/v3/ping", host, port) }
	return []service{
		{key: "device-modbus", port: f.ModbusPort, ready: ping(f.ModbusPort), registers: true},
		{key: "device-opcua", port: f.OpcuaPort, ready: ping(f.OpcuaPort), registers: true},
		{key: "rules-service", port: f.RulesSdkPort, ready: fmt.Sprintf("http://%s:%d/ping", host, f.RulesPort)},
	}
}

func (s service) process(f flags) supervisor.Process {
	dir := filepath.Join(f.Data, s.key)
	return supervisor.Process{
		Name: s.key,
		Path: filepath.Join(f.Bin, s.key),
		Args: []string{"-cd=" + filepath.Join(dir, "res"), "-cc=" + filepath.Join(f.Data, "common.yaml")},
		Dir:  dir,
		Env:  []string{"EDGEX_SECURITY_SECRET_STORE=false"},
	}
}

// ports lists all that the box and its children listen on.
func (f *flags) ports() []ports.Port {
	return []ports.Port{
		{Use: "MQTT broker of the plant", Number: f.BusPort, Flag: "--bus-port"},
		{Use: "MQTT broker of the cloud", Number: f.CloudPort, Flag: "--cloud-port"},
		{Use: "core-metadata", Number: f.MetadataPort, Flag: "--metadata-port"},
		{Use: "device-modbus", Number: f.ModbusPort, Flag: "--modbus-port"},
		{Use: "device-opcua", Number: f.OpcuaPort, Flag: "--opcua-port"},
		{Use: "EdgeX API of the rules service", Number: f.RulesSdkPort, Flag: "--rules-sdk-port"},
		{Use: "rules service", Number: f.RulesPort, Flag: "--rules-port"},
		{Use: "simulated boiler on Modbus TCP", Number: f.ModbusSimPort, Flag: "--modbus-sim-port"},
		{Use: "simulated boiler on OPC UA", Number: f.OpcuaSimPort, Flag: "--opcua-sim-port"},
		{Use: "receivers of alarms", Number: f.ReceiverPort, Flag: "--receiver-port"},
	}
}

// Validate says what is wrong with the flags; kong calls it.
func (f *flags) Validate() error {
	var wrong []error
	for _, p := range f.ports() {
		if p.Number < 1 || p.Number > 65535 {
			wrong = append(wrong, fmt.Errorf("%s=%d is no port; choose one between 1 and 65535", p.Flag, p.Number))
		}
	}
	return errors.Join(wrong...)
}

// portsError is a start that was not tried because a port is taken.
type portsError struct{ error }
