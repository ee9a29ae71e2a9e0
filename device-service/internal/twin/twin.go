// Package twin keeps the twins that KubeEdge has of devices in step with the
// devices: it reports what was read, says which devices are there, and takes
// over the values that the cloud wants. A Bridge does this for all devices of a
// service; a Transport brings its reports to edgecore, by MQTT or as a mapper.
//
// edgecore keeps no report for a cloud that is away, forgets none of its own
// accord, and tells nobody when it was away itself. So only what has changed is
// reported at once, and everything again from time to time and whenever there
// is a sign that edgecore may have missed something.
package twin

import (
	"errors"
	"fmt"
)

// Device is a device with a twin.
type Device struct {
	Name string // that the device service has for it
	ID   string // that the topics of KubeEdge have for it
	// Namespace and Object are those of KubeEdge.
	Namespace, Object string
	Node              string // "": not known
	// Reported are the properties that are reported; nil: all.
	Reported map[string]bool
}

// Reading is a value of a property, as an event of EdgeX carries it.
type Reading struct {
	Property string
	Type     string // value type of EdgeX
	Value    string
}

// Value is a value of a property, as a twin takes it.
type Value struct {
	Property string
	Text     string
	Type     string // int, float, boolean or string
}

// State is how a device is.
type State string

// The states that are reported.
const (
	Online    State = "online"
	Offline   State = "offline"
	Unhealthy State = "unhealthy" // some of its properties are not read
)

var (
	// ErrNotConnected is the outcome of what could not be sent.
	ErrNotConnected = errors.New("not connected")
	// ErrNotNow answers what is not tried.
	ErrNotNow = errors.New("is not tried now")
	// ErrSilent is the outcome of what edgecore has not answered.
	ErrSilent = errors.New("edgecore does not answer")
)

// Refusal is the answer of an edgecore that does not take a report.
type Refusal struct {
	Code   int
	Reason string
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("edgecore refuses it with %d: %s", r.Code, r.Reason)
}

// unknownDevice is the code for a device that edgecore does not know.
const unknownDevice = 404

// Transport brings reports to edgecore. None of its methods waits; they may be
// called by several goroutines.
type Transport interface {
	// Watch makes the transport ask for the twin of a device now and at each new
	// connection.
	Watch(d Device)
	// Forget ends that.
	Forget(d Device)
	// Report sends values of a device. It calls done once with the outcome: nil,
	// ErrNotConnected, ErrSilent or a *Refusal.
	Report(d Device, values []Value, done func(error))
	// State sends how a device is, if there is a connection.
	State(d Device, s State)
	// Record sends values as a time series. It tells whether there was a
	// connection, and room.
	Record(d Device, values []Value) bool
	// Close ends the connection.
	Close()
}

// Twins is what a transport tells of edgecore. A *Bridge is one.
type Twins interface {
	// Renew is told when the twins of all devices may be out of date.
	Renew()
	// Known is told of a device that edgecore has.
	Known(device string)
	// Added is told of a device that edgecore has got just now.
	Added(device string)
	// Desire is told of values that the cloud wants, by property. Calls for one
	// device are taken in their order. The answer, which may be nil, is called
	// once for each property, and may not call back. ErrNotNow means that
	// the value is being set or was overtaken; a value that was tried only just
	// now is answered as it was then.
	Desire(device string, values map[string]string, answer func(property string, actual Value, err error))
	// Unnamed is told of a refusal that names no device.
	Unnamed(r *Refusal)
}
