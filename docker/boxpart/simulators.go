package main

import (
	"context"
	"errors"
	"net"
	"strconv"

	"sluice/box/boilerhouse"
)

type simulatorsPart struct {
	Host       string `default:"simulators" help:"Name by which clients reach this container; OPC UA tells it to them."`
	ModbusPort int    `default:"1502" help:"Port of the boiler on Modbus TCP."`
	OpcuaPort  int    `default:"4840" help:"Port of the boiler on OPC UA."`
}

// Run serves one boiler over both protocols until the context ends, or until
// one of them fails.
func (p *simulatorsPart) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	model := boilerhouse.NewModel()
	ended := make(chan error, 2)
	run := func(serve func(context.Context, string, *boilerhouse.Model) error, port int) {
		defer stop()
		ended <- serve(ctx, net.JoinHostPort(p.Host, strconv.Itoa(port)), model)
	}
	go run(boilerhouse.ServeModbus, p.ModbusPort)
	go run(boilerhouse.ServeOPCUA, p.OpcuaPort)
	return errors.Join(<-ended, <-ended)
}
