package edgex

import (
	"maps"
	"sync"

	"sluice/rules-service/internal/connector"
)

// Reasons for which a message is left out.
const (
	unreadable = "unreadable" // no envelope
	empty      = "empty"      // an envelope without payload
)

// reception notes what came and what was left out.
type reception struct {
	mu sync.Mutex
	r  connector.Reception
}

func (r *reception) came(topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.r.LastTopic = topic
}

// left notes a message that is left out, and tells whether it is the first for
// this reason.
func (r *reception) left(reason, cause string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.r.Ignored == nil {
		r.r.Ignored = map[string]uint64{}
	}
	r.r.Ignored[reason]++
	r.r.LastIgnored = cause
	return r.r.Ignored[reason] == 1
}

func (r *reception) read(topic string) connector.Reception {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.r
	out.Topic, out.Ignored = topic, maps.Clone(out.Ignored)
	return out
}
