package driver

import "context"

// Discoverer is implemented by a driver that can look for devices.
type Discoverer interface {
	// Discover looks for devices where the configuration of the driver says, and
	// calls found for each, one call at a time. Devices that were added are left
	// alone. It ends early with ctx.
	Discover(ctx context.Context, found func(Discovered)) error
}

// Discovered is a device that was found.
type Discovered struct {
	Device
	Description string
}
