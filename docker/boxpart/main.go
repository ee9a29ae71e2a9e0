// Command boxpart runs one part of the box as a process of its own, for
// containers: a broker, the stand-in for core-metadata, the simulated boilers,
// the receivers of alarms; and it brings the sample rules to a rules service.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"sluice/docker/health"
)

// version is set by the linker.
var version = "0.0.0-dev"

type parts struct {
	Broker     brokerPart       `cmd:"" help:"MQTT broker."`
	Metadata   metadataPart     `cmd:"" help:"Stand-in for core-metadata."`
	Simulators simulatorsPart   `cmd:"" help:"Boilers on Modbus TCP and OPC UA."`
	Receivers  receiversPart    `cmd:"" help:"WeCom robot, ERP and cloud that print the alarms they get."`
	Samples    samplesPart      `cmd:"" help:"Create the sample stream and rules, and end."`
	Version    kong.VersionFlag `help:"Print the version and end."`
	Health     string           `placeholder:"URL" help:"Ask a running part for its health: exit code 0 or 1. http://…, tcp://…"`
}

func main() {
	if code, asked := health.Asked(os.Args[1:], os.Stderr); asked {
		os.Exit(code)
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var p parts
	parser, err := kong.New(&p, kong.Name("boxpart"), kong.Description("One part of the box, for containers."), kong.Vars{"version": version})
	if err != nil {
		panic(err) // a mistake in flags
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "boxpart: %v\nRun boxpart --help for all parts and flags.\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	chosen.BindTo(ctx, (*context.Context)(nil))
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	slog.SetDefault(log) // libraries write to the default log
	chosen.Bind(log)
	if err := chosen.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "boxpart: %s: %v\n", chosen.Command(), err)
		return 1
	}
	return 0
}
