package opcua

import (
	"context"

	"github.com/gopcua/opcua/ua"
)

// acquaint makes the library keep the structures of nodes that are going to be
// watched: what it drops of a change is lost. A node that cannot be read now is
// none of its business.
func (f *feed) acquaint(ctx context.Context, s *session, items []*item, requests []*ua.MonitoredItemCreateRequest) {
	var nodes []*ua.ReadValueID
	for i, it := range items {
		if it.resource.Type == "Object" && it.events == nil {
			nodes = append(nodes, requests[i].ItemToMonitor)
		}
	}
	if len(nodes) == 0 {
		return
	}
	values, err := s.read(ctx, nodes)
	if err != nil {
		return
	}
	for _, v := range values {
		keepDropped(v.Value)
	}
}

// unfold makes objects of the structures among changes. Of a structure that
// comes for the first time nothing is left; the node is read instead.
func (f *feed) unfold(ctx context.Context, s *session, sub *subscription, n *ua.DataChangeNotification) {
	for _, change := range n.MonitoredItems {
		if change.Value == nil {
			continue
		}
		if keepDropped(change.Value.Value) {
			f.reread(ctx, s, sub, change)
		}
		s.unfoldVariant(ctx, change.Value.Value)
	}
}

func (f *feed) reread(ctx context.Context, s *session, sub *subscription, change *ua.MonitoredItemNotification) {
	it := sub.items[change.ClientHandle]
	if it == nil || sub.members[it.device] == nil {
		return
	}
	node, err := sub.members[it.device].node(it.resource, s.namespaces)
	if err != nil {
		return
	}
	values, err := s.read(ctx, []*ua.ReadValueID{{NodeID: node, AttributeID: ua.AttributeIDValue}})
	if err == nil {
		change.Value = values[0]
	}
}
