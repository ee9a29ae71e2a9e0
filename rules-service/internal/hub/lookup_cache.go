package hub

import (
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// keptAnswers bounds a cache: it holds up to twice as many.
const keptAnswers = 10_000

// answers are kept in two generations. When the young one is full it becomes
// the old one, and what was not asked for in the old one is forgotten.
type answers struct {
	ttl     time.Duration // 0: for ever
	missing bool          // that there is no row is kept, too

	mu         sync.Mutex
	young, old map[string]kept
}

type kept struct {
	rows  []*value.Fields
	since time.Time
}

// newAnswers returns nil when answers are not to be kept.
func newAnswers(c connector.LookupCache) *answers {
	if !c.On {
		return nil
	}
	return &answers{ttl: c.TTL, missing: c.Missing, young: map[string]kept{}}
}

// questionOf is the same text for equal questions.
func questionOf(columns []string, values []value.Value) string {
	var key []byte
	for i, c := range columns {
		key = value.AppendKey(value.AppendKey(key, value.OfString(c)), values[i])
	}
	return string(key)
}

func (a *answers) get(question string) ([]*value.Fields, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.young[question]
	if !ok {
		if k, ok = a.old[question]; !ok {
			return nil, false
		}
		a.add(question, k)
	}
	if a.ttl > 0 && time.Since(k.since) >= a.ttl {
		delete(a.young, question)
		delete(a.old, question)
		return nil, false
	}
	return k.rows, true
}

func (a *answers) put(question string, rows []*value.Fields) {
	if len(rows) == 0 && !a.missing {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.add(question, kept{rows, time.Now()})
}

func (a *answers) add(question string, k kept) {
	if len(a.young) >= keptAnswers {
		a.old, a.young = a.young, map[string]kept{}
	}
	a.young[question] = k
}
