package driver

// The tags of the first reading of a resource after its changes may have been
// missed.
const (
	// GapTag tells why: a word such as GapReconnect.
	GapTag = "gap"
	// GapSinceTag tells since when, in RFC 3339; it is left out when unknown.
	GapSinceTag = "gapSince"
)

// Why changes may have been missed.
const (
	// GapReconnect: the device was away, or has lost the subscription.
	GapReconnect = "reconnect"
	// GapPaused: nobody has listened for a while, or the device was changed.
	GapPaused = "paused"
	// GapOverflow: the device had more changes than it keeps.
	GapOverflow = "overflow"
	// GapLost: messages of the device did not arrive.
	GapLost = "lost"
)

// Subscriber is implemented by a driver whose devices can tell of changes by
// themselves.
type Subscriber interface {
	// Subscribe makes a device push its changes: of the resources and in the way
	// that its properties and attributes say. The changes of a resource are in
	// order, and push is called for one batch at a time. It may take its time;
	// the device then waits. A second call replaces push, which holds beyond Add,
	// too. Subscribe does not wait for the device.
	Subscribe(device string, push func([]Reading)) error
	// Unsubscribe ends that. Once it has returned, push is not called any more;
	// push itself must not call it.
	Unsubscribe(device string)
}
