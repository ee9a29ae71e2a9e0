package opcua

import (
	"context"
	"fmt"
	"time"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// qualityTag names the tag of a value that is not plainly good.
const qualityTag = "quality"

// Read reads resources of one device: as many nodes in one request as the
// server allows.
func (d *Driver) Read(ctx context.Context, name string, resources []driver.Resource) ([]driver.Reading, error) {
	s, leave, dev, err := d.enter(ctx, name)
	if err != nil {
		return nil, err
	}
	defer leave()
	readings := make([]driver.Reading, len(resources))
	nodes := make([]*ua.ReadValueID, 0, len(resources))
	places := make([]int, 0, len(resources)) // of the nodes among the readings
	for i, r := range resources {
		readings[i].Resource = r.Name
		switch {
		case isMethod(r):
			readings[i].Value, readings[i].Err = s.callRead(ctx, r)
			readings[i].Time = time.Now()
			continue
		case isEvents(r):
			readings[i].Time, readings[i].Err = time.Now(), errEventsRead
			continue
		}
		node, err := dev.node(r, s.namespaces)
		if err != nil {
			readings[i].Time, readings[i].Err = time.Now(), err
			continue
		}
		nodes = append(nodes, &ua.ReadValueID{NodeID: node, AttributeID: ua.AttributeIDValue})
		places = append(places, i)
	}
	values, err := s.read(ctx, nodes)
	if err == nil {
		err = s.unfold(ctx, nodes, values)
	}
	if err != nil {
		return nil, fmt.Errorf("read from %s: %w", dev.link.target.url, err)
	}
	now := time.Now()
	for i, v := range values {
		fill(&readings[places[i]], v, resources[places[i]].Type, now)
	}
	return readings, nil
}

// fill turns the server's answer into a reading. A bad value that the server
// tells nevertheless is a reading, too: the tag says what it is worth.
func fill(r *driver.Reading, v *ua.DataValue, t driver.Type, now time.Time) {
	r.Time = timeOf(v, now)
	value, err := decode(v.Value, t)
	switch {
	case err != nil && isBad(v.Status):
		r.Err = statusError{v.Status}
		return
	case err != nil:
		r.Err = err
		return
	}
	r.Value = value
	if !isPlainlyGood(v.Status) {
		r.Tags = map[string]string{qualityTag: statusName(v.Status)}
	}
}

// timeOf prefers the time of the source to that of the server, and that to now.
func timeOf(v *ua.DataValue, now time.Time) time.Time {
	switch {
	case !v.SourceTimestamp.IsZero():
		return v.SourceTimestamp
	case !v.ServerTimestamp.IsZero():
		return v.ServerTimestamp
	}
	return now
}

// read reads any number of attributes.
func (s *session) read(ctx context.Context, nodes []*ua.ReadValueID) ([]*ua.DataValue, error) {
	values := make([]*ua.DataValue, 0, len(nodes))
	err := inParts(len(nodes), &s.readMax, func(from, to int) error {
		part, err := s.send(ctx, nodes[from:to])
		if to-from == 1 && tooLarge(err) {
			part, err = []*ua.DataValue{{EncodingMask: ua.DataValueStatusCode, Status: ua.StatusBadResponseTooLarge}}, nil
		}
		values = append(values, part...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// send is one Read request.
func (s *session) send(ctx context.Context, nodes []*ua.ReadValueID) ([]*ua.DataValue, error) {
	var values []*ua.DataValue
	err := s.request(ctx, func() error {
		answer, err := s.client.Read(ctx, &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnBoth, NodesToRead: nodes})
		if err != nil {
			return err
		}
		if len(answer.Results) != len(nodes) {
			return fmt.Errorf("the server answered %d of %d nodes", len(answer.Results), len(nodes))
		}
		values = answer.Results
		return nil
	})
	return values, err
}
