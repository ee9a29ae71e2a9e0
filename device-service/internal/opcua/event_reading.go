package opcua

import (
	"context"
	"fmt"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// handOutEvents gives events to the devices that they are for.
func (s *session) handOutEvents(ctx context.Context, sub *subscription, n *ua.EventNotificationList) {
	now := time.Now()
	for _, told := range n.Events {
		it := sub.items[told.ClientHandle]
		if it == nil || it.events == nil {
			continue // it was taken out meanwhile
		}
		for _, field := range told.EventFields {
			s.unfoldVariant(ctx, field)
		}
		if r, ok := it.event(told.EventFields, now); ok {
			it.out.send([]driver.Reading{r})
		}
	}
}

// event makes a reading of an event; not ok: it only says that others are lost.
func (it *item) event(values []*ua.Variant, now time.Time) (r driver.Reading, ok bool) {
	fields := it.events.fields
	r = driver.Reading{Resource: it.resource.Name, Time: now}
	if len(values) != len(fields)+2 {
		r.Err = fmt.Errorf("the server told %d of %d fields of an event", len(values), len(fields)+2)
		return r, true
	}
	kind, at := values[len(fields)], values[len(fields)+1]
	if isOverflow(kind) {
		it.gap = &gap{reason: driver.GapOverflow}
		return r, false
	}
	if at != nil {
		if t, isTime := at.Value().(time.Time); isTime && !t.IsZero() {
			r.Time = t
		}
	}
	told := map[string]any{}
	for i, f := range fields {
		if v, err := decode(values[i], "Object"); err == nil { // else the event does not have it
			told[f.name] = v
		}
	}
	r.Value = told
	it.tell(&r)
	return r, true
}

// isOverflow recognizes the event that a server puts in the place of those that
// it has dropped.
func isOverflow(kind *ua.Variant) bool {
	if kind == nil {
		return false
	}
	node, ok := kind.Value().(*ua.NodeID)
	return ok && node != nil && node.Namespace() == 0 && node.IntID() == id.EventQueueOverflowEventType
}
