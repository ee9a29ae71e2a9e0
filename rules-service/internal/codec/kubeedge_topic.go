package codec

import (
	"strings"

	"sluice/sqlengine/value"
)

// kubeedgeTopic is what a topic of KubeEdge says of the messages on it.
type kubeedgeTopic struct {
	namespace, device string // "": it does not say
	kind              string
	properties        map[string]string // of the device's model; nil: it is not known
}

// kubeedgeKinds are the kinds of messages by the ends of their topics.
var kubeedgeKinds = []struct{ end, kind string }{
	{"/twin/update", "twin"},
	{"/twin/update/delta", "delta"},
	{"/twin/update/document", "document"},
	{"/twin/update/result", "result"},
	{"/twin/get/result", "result"},
	{"/data/update", "data"},
	{"/state/update", "state"},
	{"/state/update/result", "state"},
}

// topicText is the topic that came with a message; "": there is none.
func topicText(meta Meta) string {
	if meta == nil {
		return ""
	}
	if v := meta.Get("topic"); v.Kind() == value.String {
		return v.Str()
	}
	return ""
}

// parseKubeEdgeTopic reads topics such as $hw/events/device/ID/twin/update. An
// id is a name, or from release 1.17 on a namespace and a name. What a bridge
// puts in front of a topic does not matter.
func parseKubeEdgeTopic(topic string) *kubeedgeTopic {
	_, rest, ok := strings.Cut(topic, "/events/device/")
	if !ok {
		return &kubeedgeTopic{}
	}
	for _, k := range kubeedgeKinds {
		id, ok := strings.CutSuffix(rest, k.end)
		if !ok {
			continue
		}
		namespace, device, two := strings.Cut(id, "/")
		if !two {
			namespace, device = "", id
		}
		if strings.Contains(device, "/") {
			return &kubeedgeTopic{kind: k.kind}
		}
		return &kubeedgeTopic{namespace: namespace, device: device, kind: k.kind}
	}
	return &kubeedgeTopic{}
}
