package opcua

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/gopcua/opcua/ua"
)

const nodeIDForm = "a node id looks like ns=2;s=Boiler.Pressure, ns=2;i=1001, ns=2;g=09087e75-8e5e-499b-954f-f2a9603db28a, " +
	"ns=2;b=M/RbKBsRVkePCePcx24oRA== or nsu=urn:plant;s=Boiler.Pressure"

// nodeRef names a node. Its namespace is an index, or a URI whose index is
// known once a server is connected.
type nodeRef struct {
	id  *ua.NodeID // in namespace 0 when there is a uri
	uri string
}

// parseNodeID reads the text form of a node id. The library's parser takes
// any text at all, as a string in namespace 0; this one does not.
func parseNodeID(text string) (nodeRef, error) {
	ref, err := splitNodeID(text)
	if err != nil {
		return nodeRef{}, fmt.Errorf("node id %q: %w; %s", text, err, nodeIDForm)
	}
	return ref, nil
}

func splitNodeID(text string) (nodeRef, error) {
	if text == "" {
		return nodeRef{}, errors.New("empty")
	}
	if rest, ok := strings.CutPrefix(text, "nsu="); ok {
		uri, rest, ok := strings.Cut(rest, ";")
		if !ok || uri == "" {
			return nodeRef{}, errors.New("no identifier after the namespace")
		}
		id, err := identifier(0, rest)
		return nodeRef{id: id, uri: uri}, err
	}
	index := uint64(0)
	if rest, ok := strings.CutPrefix(text, "ns="); ok {
		number, rest, ok := strings.Cut(rest, ";")
		if !ok {
			return nodeRef{}, errors.New("no identifier after the namespace")
		}
		var err error
		if index, err = strconv.ParseUint(number, 10, 16); err != nil {
			return nodeRef{}, fmt.Errorf("namespace %q is not a number from 0 to 65535", number)
		}
		text = rest
	}
	id, err := identifier(uint16(index), text)
	return nodeRef{id: id}, err
}

func identifier(namespace uint16, text string) (*ua.NodeID, error) {
	kind, value, ok := strings.Cut(text, "=")
	if !ok || value == "" {
		return nil, errors.New("no identifier")
	}
	switch kind {
	case "i":
		number, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("identifier %q is not a number from 0 to %d", value, uint32(math.MaxUint32))
		}
		return ua.NewNumericNodeID(namespace, uint32(number)), nil
	case "s":
		return ua.NewStringNodeID(namespace, value), nil
	case "g":
		guid, err := uuid.Parse(value)
		if err != nil || len(value) != len(guid.String()) {
			return nil, fmt.Errorf("identifier %q is not a GUID", value)
		}
		return ua.NewGUIDNodeID(namespace, value), nil
	case "b":
		opaque, err := base64.StdEncoding.DecodeString(value)
		if err != nil || len(opaque) == 0 {
			return nil, fmt.Errorf("identifier %q is not base64", value)
		}
		return ua.NewByteStringNodeID(namespace, opaque), nil
	}
	return nil, fmt.Errorf("identifier type %q is none of i, s, g and b", kind)
}

// resolve gives the node's id at a server with these namespaces.
func (r nodeRef) resolve(namespaces []string) (*ua.NodeID, error) {
	if r.uri == "" {
		return r.id, nil
	}
	index := slices.Index(namespaces, r.uri)
	if index < 0 {
		return nil, fmt.Errorf("namespace %q is unknown to the server", r.uri)
	}
	id := *r.id
	if err := id.SetNamespace(uint16(index)); err != nil {
		return nil, err
	}
	return &id, nil
}
