package opcua

import (
	"fmt"
	"sync"

	"github.com/gopcua/opcua/ua"
)

// body is the content of an extension object as it was sent. The library keeps
// content only of types that its registry knows by their encoding id. That
// registry is one for the process, and two servers may give an id to different
// structures, so every id stands for bytes there; what they mean is told by the
// data types of the server that they come from.
type body struct{ bytes []byte }

// Decode implements ua.BinaryDecoder.
func (b *body) Decode(p []byte) (int, error) {
	b.bytes = append([]byte(nil), p...)
	return len(p), nil
}

// Encode implements ua.BinaryEncoder.
func (b *body) Encode() ([]byte, error) { return b.bytes, nil }

// mostBodies bounds the registry: it never forgets, and servers choose the ids.
const mostBodies = 20000

// bodies are the encoding ids that were registered by this package.
var bodies = struct {
	sync.Mutex
	known map[string]bool
}{known: map[string]bool{}}

// keepBody makes the library keep the content of an encoding id from now on.
func keepBody(encoding *ua.NodeID) error {
	bodies.Lock()
	defer bodies.Unlock()
	name := encoding.String()
	switch {
	case bodies.known[name]:
		return nil
	case len(bodies.known) >= mostBodies:
		return fmt.Errorf("structure with the encoding %s cannot be kept: %d are known already", name, mostBodies)
	}
	if !libraryKnows(encoding) {
		ua.RegisterExtensionObject(encoding, new(body))
	}
	bodies.known[name] = true
	return nil
}

// libraryKnows tries the registry out, which cannot be asked.
func libraryKnows(encoding *ua.NodeID) bool {
	probe := &ua.ExtensionObject{TypeID: &ua.ExpandedNodeID{NodeID: encoding}, EncodingMask: ua.ExtensionObjectBinary, Value: &body{[]byte{0}}}
	b, err := probe.Encode()
	if err != nil {
		return false
	}
	var back ua.ExtensionObject
	_, _ = back.Decode(b) // its content is nonsense for a type that is known
	return back.Value != nil
}
