// Package driver is the contract between a field protocol and the device
// service: what a driver must do to have its registers or nodes read, written
// and scheduled. It knows nothing of EdgeX.
package driver

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrUnknownDevice is returned for a device that was not added.
var ErrUnknownDevice = errors.New("unknown device")

// Type is the value type of a resource, in EdgeX's spelling: Bool, String,
// Int8 … Int64, Uint8 … Uint64, Float32, Float64, each also with "Array",
// Binary and Object.
type Type string

// Device is one device with what its protocol needs to reach it.
type Device struct {
	Name string
	// Protocols holds the properties by protocol name, as the device file has
	// them: text, numbers or booleans.
	Protocols map[string]map[string]any
}

// Resource is one value of a device: a register, a bit, a node.
type Resource struct {
	Name       string
	Type       Type
	Attributes map[string]any // as the profile has them: text, numbers, booleans, lists
	Writable   bool
	Readable   bool
}

// Reading is the answer for one resource.
type Reading struct {
	Resource string
	// Value has the Go type of the resource's Type: bool, string, int8 …
	// uint64, float32, float64, slices of these, []byte, or any for Object.
	Value any
	// Time is when the value was true: the source's own time stamp, else the
	// time of the answer.
	Time time.Time
	// Err tells why this resource alone has no value.
	Err error
	// Tags go with the reading: the quality of a value that is not plainly good.
	Tags map[string]string
}

// Write asks for one resource to be set. Value has the Go type of the
// resource's Type.
type Write struct {
	Resource Resource
	Value    any
}

// Driver speaks one protocol to many devices. It is safe for concurrent use;
// a slow or dead device delays only those that share its line.
type Driver interface {
	// Validate checks a device and the attributes of its resources without
	// contact. It returns all findings as Errors.
	Validate(d Device, resources []Resource) error
	// Add makes a device known, or replaces the one of that name. It does not
	// wait for the device to answer.
	Add(d Device, resources []Resource) error
	// Remove forgets a device and ends its connections.
	Remove(name string)
	// Read reads resources of one device in as few requests as the protocol
	// allows, and returns a reading for each, in the same order. An error of
	// the whole device is returned as err, without readings.
	Read(ctx context.Context, device string, resources []Resource) ([]Reading, error)
	// Write sets resources of one device, in the order given where the
	// protocol cannot set them at once. It reports what was not written.
	Write(ctx context.Context, device string, writes []Write) error
	// Close ends all connections.
	Close() error
}

// States is implemented by a driver that can tell how its devices are.
type States interface {
	// OnState sets the function that is called once per change of a device's
	// state. It is set before the first Add.
	OnState(func(device string, s State))
}

// State of a device as seen by its driver.
type State struct {
	Up  bool
	Err error // why it is not up
}

// AttributeError is a finding about one attribute or protocol property.
type AttributeError struct {
	Resource  string // "" for a property of the device's protocol
	Attribute string
	Err       error
	Hint      string // optional, a full sentence
}

func (e *AttributeError) Error() string {
	s := fmt.Sprintf("resource %q, attribute %q: %v", e.Resource, e.Attribute, e.Err)
	if e.Resource == "" {
		s = fmt.Sprintf("protocol property %q: %v", e.Attribute, e.Err)
	}
	if e.Hint != "" {
		s += ". " + e.Hint
	}
	return s
}

func (e *AttributeError) Unwrap() error { return e.Err }
