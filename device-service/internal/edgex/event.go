package edgex

import (
	"fmt"
	"maps"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/google/uuid"

	"sluice/device-service/internal/driver"
)

// newEvent makes the event of converted readings; those without a value are
// left out, and without any reading there is no event. The origin of the event
// and of readings that know no time of their own is set by the publisher.
func newEvent(d models.Device, s *source, readings []driver.Reading, units bool) (*dtos.Event, error) {
	e := dtos.NewEvent(d.ProfileName, d.Name, s.name)
	e.Readings = make([]dtos.BaseReading, 0, len(readings))
	e.Tags = merged(s.tags, d.Tags)
	for i, r := range readings {
		if r.Err != nil {
			continue
		}
		reading, err := newReading(e, s, i, r)
		if err != nil {
			return nil, fmt.Errorf("resource %q: %w", r.Resource, err)
		}
		if units {
			reading.Units = s.fields[i].properties.Units
		}
		e.Readings = append(e.Readings, reading)
	}
	if len(e.Readings) == 0 {
		return nil, nil
	}
	return &e, nil
}

func newReading(e dtos.Event, s *source, i int, r driver.Reading) (dtos.BaseReading, error) {
	out := dtos.BaseReading{
		Id:           uuid.NewString(),
		DeviceName:   e.DeviceName,
		ResourceName: r.Resource,
		ProfileName:  e.ProfileName,
		ValueType:    valueType(s.resources[i].Type, r.Value),
		Tags:         merged(s.fields[i].tags, quality(r.Tags)),
	}
	if !r.Time.IsZero() {
		out.Origin = r.Time.UnixNano()
	}
	switch out.ValueType {
	case common.ValueTypeBinary:
		b, ok := r.Value.([]byte)
		if !ok {
			return out, fmt.Errorf("a value of Go type %T is not binary", r.Value)
		}
		out.BinaryValue, out.MediaType = b, s.fields[i].properties.MediaType
	case common.ValueTypeObject:
		out.ObjectValue = r.Value
	default:
		t, err := text(r.Value)
		if err != nil {
			return out, err
		}
		out.Value = t
	}
	return out, nil
}

// valueType is the type of the resource, except that a mapped value, an
// overflow and a NaN are text.
func valueType(t driver.Type, v any) string {
	if _, isText := v.(string); isText && t != common.ValueTypeObject {
		return common.ValueTypeString
	}
	return string(t)
}

// merged is a with b over it; nil when both are empty.
func merged(a, b map[string]any) map[string]any {
	if len(a) == 0 && len(b) == 0 {
		return nil
	}
	m := make(map[string]any, len(a)+len(b))
	maps.Copy(m, a)
	maps.Copy(m, b)
	return m
}

func quality(tags map[string]string) map[string]any {
	if len(tags) == 0 {
		return nil
	}
	m := make(map[string]any, len(tags))
	for k, v := range tags {
		m[k] = v
	}
	return m
}
