package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/edgexfoundry/app-functions-sdk-go/v3/pkg"
	"github.com/edgexfoundry/app-functions-sdk-go/v3/pkg/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// signalGrace is how long the SDK has to come to an end by itself.
const signalGrace = 2 * time.Second

// start makes the SDK's service. The SDK waits for what it needs, such as the
// secret store, without an ear for signals; when ctx ends meanwhile there is
// nothing to tidy up, and no service: nil.
func start(ctx context.Context, key string) (interfaces.ApplicationService, error) {
	started := make(chan interfaces.ApplicationService, 1)
	go func() {
		// A target type given here keeps the SDK from a data race of its own.
		sdk, ok := pkg.NewAppServiceWithTargetType(key, &dtos.Event{})
		if !ok {
			sdk = nil
		}
		started <- sdk
	}()
	var sdk interfaces.ApplicationService
	select {
	case sdk = <-started:
	case <-ctx.Done():
		select {
		case sdk = <-started: // it may have registered
		case <-time.After(signalGrace):
			return ended()
		}
		if sdk == nil {
			return ended()
		}
	}
	if sdk == nil {
		return nil, errors.New("EdgeX's SDK could not start; its log above says why")
	}
	return sdk, nil
}

// ended is the answer of a start that a signal has cut short: no service, and no
// error.
func ended() (interfaces.ApplicationService, error) {
	fmt.Fprintln(os.Stderr, "rules-service: ended by a signal while EdgeX's SDK waited; its log above says for what")
	return nil, nil
}
