// Package edgex puts a driver.Driver behind the EdgeX device SDK: it is the
// only importer of device-sdk-go. The SDK keeps life cycle, REST, commands,
// validation and system events. Auto-events are taken out of its hands: they
// are read on the grid of package schedule, and their events are published in
// order, with exact values, by one goroutine.
//
// A service waits for message bus, configuration provider and core-metadata
// when it starts for the first time. Later it starts without the last two, from
// what it last knew of them, and goes on by itself after each was away. What the SDK does
// not let us mend: it logs each attempt, one a second, to reach a message bus
// that is away at the start; events of get commands carry floats of 7 digits; system
// events that core-metadata sends while the bus is away are lost until the next
// start; a device file that core-metadata refuses ends the service; a system
// event in the milliseconds before the caches are filled ends it, too.
package edgex

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/service"

	"sluice/device-service/internal/driver"
	"sluice/docker/health"
)

// Service is a device service: one driver under one service key.
type Service struct {
	Key     string // "device-modbus"
	Version string // without one, that of the build
	Summary string // one sentence for --help
	New     func(Env) driver.Driver
}

// Env is what a driver gets from the service.
type Env struct {
	Log    *slog.Logger
	Config map[string]string                                // the section Driver of the configuration
	Secret func(name, key string) (value string, err error) // of the secret store
	// Section reads a section of the configuration that only this driver has into
	// a struct with a field of its name.
	Section func(name string, into Section) error
	// Watch tells of each change of a section, as far as the configuration comes
	// from a provider: a pointer to a struct like the one given.
	Watch func(name string, like any, changed func(any))
}

// startupDuration is how many seconds the SDK waits for the message bus and
// the configuration provider: ten years. Its own 60 seconds would end a
// service that only had to wait for a broker a little longer.
const startupDuration = "315360000"

// Run runs a device service until it is told to end, and returns the exit code
// of the process. It reads the arguments and the environment of the process.
func Run(s Service) int {
	if s.Version == "" {
		s.Version = builtVersion()
	}
	if code, asked := health.Asked(os.Args[1:], os.Stderr); asked {
		return code
	}
	os.Args = joinProvider(os.Args)
	if done := answer(s, os.Args[1:], os.Stdout); done {
		return 0
	}
	if err := run(s); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", s.Key, err)
		return 1
	}
	return 0
}

// answer handles what needs no service: the SDK would start one first.
func answer(s Service, args []string, out io.Writer) bool {
	for _, a := range args {
		switch a {
		case "-h", "-help", "--help":
			_, _ = fmt.Fprint(out, help(s))
			return true
		case "-version", "--version":
			_, _ = fmt.Fprintln(out, s.Key, s.Version)
			return true
		}
	}
	return false
}

// joinProvider writes "-cp URL" as "-cp=URL". The SDK would put its default
// URL in the place of "-cp", and take the URL for the end of all options.
func joinProvider(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		option := strings.TrimLeft(args[i], "-")
		if strings.HasPrefix(args[i], "-") && (option == "cp" || option == "configProvider") && i+1 < len(args) && strings.Contains(args[i+1], "://") {
			out = append(out, args[i]+"="+args[i+1])
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

func run(s Service) error {
	if os.Getenv("EDGEX_STARTUP_DURATION") == "" {
		if err := os.Setenv("EDGEX_STARTUP_DURATION", startupDuration); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	state, err := openAutonomy(ctx, s.Key)
	if err != nil {
		return err
	}
	defer state.close()
	p := beginPatience(ctx, s.Key, state.last)
	defer p.end()
	b := newBridge(s.New, p.end)
	b.baseName, b.last = s.Key, state.last
	if state.file != nil {
		b.keeper = newKeeper(b, state.file)
	}
	sdk, err := service.NewDeviceService(s.Key, s.Version, b)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- sdk.Run() }()
	if err := await(ctx, b.begun, ended); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s; the log above has the reason", strings.TrimSuffix(err.Error(), "\n"))
	}
	return nil
}

// signalGrace is how long the SDK has to come to an end by itself.
const signalGrace = 2 * time.Second

// await waits for the end of the SDK. Before the bridge has begun, the SDK may
// wait for the secret store without an ear for signals; there is nothing to
// tidy up yet, so the process may just end.
func await(ctx context.Context, begun <-chan struct{}, ended <-chan error) error {
	select {
	case <-begun:
		return <-ended
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case <-begun:
		return <-ended
	case err := <-ended:
		return err
	case <-time.After(signalGrace):
		return ctx.Err()
	}
}
