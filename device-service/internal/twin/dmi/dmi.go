// Package dmi is a mapper of KubeEdge: it takes devices from edgecore over the
// device mapper interface (DMI, v1beta1) and reports their twins and states.
//
// edgecore ── RegisterDevice, UpdateDevice, … ──► own socket ──► registry ──► Handler
// Report, State ──► outbox ──► token bucket ──► edgecore's socket
//
// A Mapper registers with edgecore when it starts and whenever edgecore comes
// back. What edgecore sends is validated and answered at once or refused with
// a reason; a device waits until its model is there. The registry compares
// what is wanted with what the handler has done and calls it until both agree,
// for edgecore itself never tries again:
//
//	h.Apply(ctx, device)          // the device is new, or it or its model changed
//	h.Desire(ctx, id, values)     // after Apply, and alone when only desired values changed
//	h.Remove(ctx, id)
//
// The handler answers a desired value by Report with Twin.Observed, and the
// values of the device by Report without. Both go out at the rate that edgecore
// allows, answers first, each device in one call with its last values.
package dmi

import (
	"context"

	"sluice/profiles/kubeedge"
)

// ID names a device over all namespaces.
type ID struct{ Namespace, Name string }

// String is the id that topics at the edge have for the device.
func (id ID) String() string { return id.Namespace + "/" + id.Name }

// Device is a device as edgecore delivered it.
type Device struct {
	ID
	// Set has the device and its model.
	Set kubeedge.Set
	// Desired are the values that the cloud wants.
	Desired []Desired
}

// Convert makes a profile, a device and twins of EdgeX. The profile is that of
// the device alone, so that other devices of the model do not change it.
func (d Device) Convert(options kubeedge.Options) (kubeedge.Result, kubeedge.Findings) {
	options.OwnProfiles = true
	return kubeedge.Convert(d.Set, options)
}

// Desired is a value that the cloud wants a property to have.
type Desired struct {
	Property, Value string
	Metadata        map[string]string
}

// Twin is what is reported of a property.
type Twin struct {
	Property string
	// Reported is the value that the device has; empty keeps the one before.
	Reported string
	// Observed is the desired value that has been acted upon; empty keeps the
	// one before. A twin that has one goes out before those that have none.
	Observed string
	// Type goes out in the metadata, where edgecore drops it: the type of a
	// twin that is first reported over this interface is string.
	Type string
}

// Handler does what edgecore wants. It is called for one thing of a device at
// a time, for several devices at once, and must be able to do again what it
// has done: after a start everything comes again. An error makes the call be
// repeated, with growing pauses, until it succeeds or something else is
// wanted; what can never succeed is therefore reported and answered with nil.
type Handler interface {
	// Apply makes the device known or changes it. Its desired values are set by
	// Desire.
	Apply(ctx context.Context, d Device) error
	// Desire sets the values of a device that are new or have changed.
	Desire(ctx context.Context, id ID, values []Desired) error
	// Remove takes a device away. It may not be there.
	Remove(ctx context.Context, id ID) error
}
