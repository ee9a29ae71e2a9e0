package rule

import (
	"maps"
	"slices"

	"sluice/rules-service/internal/connector"
)

// appendReception tells why a rule receives nothing: where its source listens,
// and what came that it left out.
func appendReception(p Pairs, prefix string, r *connector.Reception) Pairs {
	if r == nil {
		return p
	}
	p = append(p, Pair{prefix + "topic", r.Topic}, Pair{prefix + "last_topic", r.LastTopic})
	for _, reason := range slices.Sorted(maps.Keys(r.Ignored)) {
		p = append(p, Pair{prefix + "ignored_" + reason + "_total", r.Ignored[reason]})
	}
	return append(p, Pair{prefix + "last_ignored", r.LastIgnored})
}
