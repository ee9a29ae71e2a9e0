package twin

import "strings"

const (
	devicePrefix = "$hw/events/device/"
	nodePrefix   = "$hw/events/node/"
	seriesPrefix = "$ke/events/device/"
)

// The ends of topics.
const (
	topicUpdate       = "/twin/update"
	topicResult       = "/twin/update/result"
	topicDelta        = "/twin/update/delta"
	topicGet          = "/twin/get"
	topicGetResult    = "/twin/get/result"
	topicState        = "/state/update"
	topicData         = "/data/update"
	topicMembers      = "/membership/get"
	topicMembersFound = "/membership/get/result"
	topicMembersNew   = "/membership/updated"
)

// filters are all that edgecore may say to a bridge. An id has one level up to
// KubeEdge 1.15 and two later.
func filters() []string {
	var out []string
	for _, id := range []string{"+", "+/+"} {
		for _, end := range []string{topicResult, topicDelta, topicGetResult} {
			out = append(out, devicePrefix+id+end)
		}
	}
	return append(out, nodePrefix+"+"+topicMembersFound, nodePrefix+"+"+topicMembersNew)
}

// split takes a topic apart: the id of a device or node, and the end.
func split(topic string) (id, end string, ok bool) {
	for _, prefix := range []string{devicePrefix, nodePrefix} {
		rest, found := strings.CutPrefix(topic, prefix)
		if !found {
			continue
		}
		for _, end := range []string{topicResult, topicDelta, topicGetResult, topicMembersFound, topicMembersNew} {
			if id, found := strings.CutSuffix(rest, end); found {
				return id, end, true
			}
		}
	}
	return "", "", false
}
