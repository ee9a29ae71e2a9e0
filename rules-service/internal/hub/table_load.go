package hub

import (
	"slices"
	"time"
)

// loadTimeout is how long the streams of a rule wait for tables to be loaded.
const loadTimeout = 10 * time.Second

// loadFirst makes the streams of a rule wait for the tables whose sources end
// by themselves: their rows stand in the queues of the shards before those of
// the streams. A stream that flows already does not stop. Hub.mu is held.
func loadFirst(streams []*stream) {
	var tables []<-chan struct{}
	for _, st := range streams {
		if st.def.Table && st.source.finite {
			tables = append(tables, st.source.whenEnded())
		}
	}
	for _, st := range streams {
		if st.def.Table || st.source.started {
			continue
		}
		for _, ended := range tables {
			if !slices.Contains(st.source.tables, ended) {
				st.source.tables = append(st.source.tables, ended)
			}
		}
	}
}

// awaitTables waits for them, but not for ever.
func (s *source) awaitTables() {
	if len(s.tables) == 0 {
		return
	}
	timer := time.NewTimer(loadTimeout)
	defer timer.Stop()
	for _, ended := range s.tables {
		select {
		case <-ended:
		case <-timer.C:
			s.hub.env.Log.Warn("a table is not loaded yet; the stream begins without it", "connector", s.typ)
			return
		case <-s.ctx.Done():
			return
		}
	}
}
