package opcua

import (
	"context"
	"errors"
	"fmt"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// Write sets resources of one device: as many nodes in one request as the
// server allows. What a server refuses does not keep the rest from being
// written.
func (d *Driver) Write(ctx context.Context, name string, writes []driver.Write) error {
	s, leave, dev, err := d.enter(ctx, name)
	if err != nil {
		return err
	}
	defer leave()
	var failed []error
	fail := func(w driver.Write, err error) {
		failed = append(failed, &driver.WriteError{Resource: w.Resource.Name, Err: err})
	}
	var wanted []driver.Write
	var nodes []*ua.NodeID
	for _, w := range writes {
		if isMethod(w.Resource) && w.Resource.Writable {
			if err := s.callWrite(ctx, w); err != nil {
				fail(w, err)
			}
			continue
		}
		node, err := dev.node(w.Resource, s.namespaces)
		switch {
		case !w.Resource.Writable, isEvents(w.Resource):
			fail(w, driver.ErrReadOnly)
		case err != nil:
			fail(w, err)
		default:
			wanted, nodes = append(wanted, w), append(nodes, node)
		}
	}
	for i, err := range s.write(ctx, nodes, wanted) {
		if err != nil {
			fail(wanted[i], err)
		}
	}
	return errors.Join(failed...)
}

// write sets values of nodes and tells for each what became of it.
func (s *session) write(ctx context.Context, nodes []*ua.NodeID, writes []driver.Write) []error {
	errs := s.learnTypes(ctx, nodes)
	requests := make([]*ua.WriteValue, 0, len(nodes))
	places := make([]int, 0, len(nodes))
	for i, node := range nodes {
		if errs[i] != nil {
			continue
		}
		value, err := s.converted(ctx, node, writes[i].Value)
		if err != nil {
			errs[i] = err
			continue
		}
		requests = append(requests, &ua.WriteValue{
			NodeID:      node,
			AttributeID: ua.AttributeIDValue,
			Value:       &ua.DataValue{EncodingMask: ua.DataValueValue, Value: value},
		})
		places = append(places, i)
	}
	answered := 0
	err := inParts(len(requests), &s.writeMax, func(from, to int) error {
		codes, err := s.sendWrite(ctx, requests[from:to])
		for i, code := range codes {
			errs[places[from+i]] = s.outcome(requests[from+i].NodeID, code)
			answered++
		}
		return err
	})
	for _, place := range places[answered:] {
		errs[place] = err
	}
	return errs
}

// outcome turns the status of a write into an error.
func (s *session) outcome(node *ua.NodeID, code ua.StatusCode) error {
	switch {
	case errors.Is(statusError{code}, ua.StatusBadTypeMismatch):
		s.forgetType(node) // the server's address space may have changed
	case errors.Is(statusError{code}, ua.StatusBadNotWritable):
		return fmt.Errorf("%w: %w", driver.ErrReadOnly, statusError{code})
	}
	if isBad(code) {
		return statusError{code}
	}
	return nil
}

// sendWrite is one Write request.
func (s *session) sendWrite(ctx context.Context, nodes []*ua.WriteValue) ([]ua.StatusCode, error) {
	var codes []ua.StatusCode
	err := s.request(ctx, func() error {
		answer, err := s.client.Write(ctx, &ua.WriteRequest{NodesToWrite: nodes})
		if err != nil {
			return err
		}
		if len(answer.Results) != len(nodes) {
			return fmt.Errorf("the server answered %d of %d nodes", len(answer.Results), len(nodes))
		}
		codes = answer.Results
		return nil
	})
	return codes, err
}
