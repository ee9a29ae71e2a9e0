// Command rules-service is an EdgeX application service that runs SQL rules on
// the message bus, with eKuiper's REST interface.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"sluice/docker/health"
)

const defaultKey = "rules-service"

func main() {
	if wantsHelp(os.Args[1:]) {
		fmt.Print(usage)
		return
	}
	if wantsVersion(os.Args[1:]) {
		fmt.Println(defaultKey, builtVersion())
		return
	}
	if code, asked := health.Asked(os.Args[1:], os.Stderr); asked {
		os.Exit(code)
	}
	err := run(os.Args[1:])
	if errors.Is(err, errRestart) {
		os.Exit(restartCode)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rules-service:", err)
		os.Exit(1)
	}
}

// restartCode is the exit code that asks a supervisor for a new start.
const restartCode = 100

var errRestart = errors.New("a new start was asked for")

func run(args []string) error {
	// The SDK must neither connect to the bus nor wait for it: see res/. Here
	// it is said once more, for private configurations that leave it out.
	for name, value := range map[string]string{"MESSAGEBUS_DISABLED": "true", "TRIGGER_TYPE": "http"} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	_, key := parseFlags(args)
	if key == "" {
		key = defaultKey
	}
	ctx, signals := listen()
	defer signals.close()
	upstreams, err := openAutonomy(ctx, key, args)
	if err != nil {
		return err
	}
	defer upstreams.close()
	sdk, err := start(ctx, key)
	upstreams.started()
	if sdk == nil || err != nil {
		return err
	}
	// The SDK has no bus to report metrics on; it would log an error each time.
	sdk.MetricsManager().ResetInterval(math.MaxInt64)
	// A stop that is asked for before the SDK runs would be lost.
	stop := func() { sdk.Stop(); signals.first() }
	s, err := open(sdk, key, args, stop)
	if err != nil {
		return err
	}
	s.start()
	ended := make(chan struct{})
	context.AfterFunc(ctx, func() { signals.repeat(ended) })
	err = sdk.Run() // until SIGTERM, SIGINT or /stop
	close(ended)
	if err = errors.Join(err, s.close()); err == nil && s.restart.Load() {
		return errRestart
	}
	return err
}
