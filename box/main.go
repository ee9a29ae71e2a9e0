// Command box runs a whole plant on one machine: message bus, metadata, two
// simulated boilers, both device services, the rules service with sample
// rules, and receivers that print the alarms.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "0.0.0-dev"

const description = `A whole plant on one machine, to try Sluice and for plants of one box.

Two boilers are simulated, one on Modbus TCP and one on OPC UA. The device
services read them once a second and publish on an MQTT bus, the rules service
watches the bus, and receivers that stand for a WeCom robot, an ERP and a cloud
print each alarm as a line. Within seconds of the start the first one shows.

All it keeps is below --data: metadata, streams and rules, the configuration of
the services. Remove that folder to start anew. It listens on 127.0.0.1 only.
End it with Ctrl-C; nothing is left running.

Exit status: 0 ended by the user, 1 something broke, 2 wrong flags, 3 a port is taken.`

type flags struct {
	Data string `default:".box" type:"path" help:"Folder for everything that is kept."`
	Bin  string `type:"path" placeholder:"DIR" help:"Folder of device-modbus, device-opcua and rules-service. Default: the folder of this program."`

	BusPort       int `group:"Ports" default:"1883" help:"MQTT broker of the plant and of EdgeX's message bus."`
	CloudPort     int `group:"Ports" default:"1884" help:"MQTT broker that stands for a cloud."`
	MetadataPort  int `group:"Ports" default:"59881" help:"core-metadata."`
	ModbusPort    int `group:"Ports" default:"59901" help:"device-modbus."`
	OpcuaPort     int `group:"Ports" default:"59997" help:"device-opcua."`
	RulesSdkPort  int `group:"Ports" default:"59701" help:"EdgeX's own API of the rules service."`
	RulesPort     int `group:"Ports" default:"59720" help:"REST API of the rules service."`
	ModbusSimPort int `group:"Ports" default:"1502" help:"Simulated boiler on Modbus TCP."`
	OpcuaSimPort  int `group:"Ports" default:"4840" help:"Simulated boiler on OPC UA."`
	ReceiverPort  int `group:"Ports" default:"8899" help:"WeCom robot and ERP that receive alarms."`

	NoSamples bool             `help:"Do not create the sample stream and rules."`
	Verbose   bool             `short:"v" help:"Show all log lines of the services, not only warnings and errors."`
	Version   kong.VersionFlag `help:"Print the version and end."`
}

const (
	exitBroken = 1
	exitFlags  = 2
	exitPorts  = 3
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var f flags
	parser, err := kong.New(&f, kong.Name("box"), kong.Description(description), kong.Vars{"version": version})
	if err != nil {
		panic(err) // a mistake in flags
	}
	if _, err := parser.Parse(args); err != nil {
		fmt.Fprintf(os.Stderr, "box: %v\nRun box --help for all flags.\n", err)
		return exitFlags
	}
	if err := f.complete(); err != nil {
		fmt.Fprintf(os.Stderr, "box: %v\n", err)
		return exitBroken
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends an end that hangs
	con := newConsole(os.Stdout, f.Verbose)
	slog.SetDefault(con.logger()) // libraries write to the default log
	err = serve(ctx, f, con)
	var taken *portsError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return 0
	case errors.As(err, &taken):
		fmt.Fprintf(os.Stderr, "box: nothing was started:\n%v\n", err)
		return exitPorts
	}
	fmt.Fprintf(os.Stderr, "box: %v\n", err)
	return exitBroken
}

// complete fills in what depends on the machine.
func (f *flags) complete() error {
	if f.Bin == "" {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find the services: %w; name their folder with --bin", err)
		}
		f.Bin = filepath.Dir(self)
	}
	for _, s := range f.services() {
		if _, err := os.Stat(filepath.Join(f.Bin, s.key)); err != nil {
			return fmt.Errorf("find %s: %w; run make build, or name its folder with --bin", s.key, err)
		}
	}
	var err error
	f.Data, err = filepath.Abs(f.Data)
	return err
}
