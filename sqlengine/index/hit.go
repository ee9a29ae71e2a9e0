package index

import "sluice/sqlengine/value"

// Hit is a row that a query must see. Hits order by rank, then by row.
type Hit uint64

const unsure Hit = 1

// Rank is that of the query's Entry.
func (h Hit) Rank() uint32 { return uint32(h >> 32) }

// Row is the index of the row.
func (h Hit) Row() int { return int(uint32(h) >> 1) }

// Sure tells that the row meets all conditions of the query.
func (h Hit) Sure() bool { return h&unsure == 0 }

// search collects hits.
type search struct {
	hits []Hit
	at   Hit // the row
	row  *value.Row
}

// hit finds a query whose keys are true of the row. It is sure if they are all
// that the query asks for, and were not rounded.
func (s *search) hit(e *Entry, exact bool) {
	h := Hit(e.Rank)<<32 | s.at
	if !exact || !e.sure {
		h |= unsure
	}
	s.hits = append(s.hits, h)
}

// doubt finds a query that may fail on the row.
func (s *search) doubt(e *Entry) { s.hits = append(s.hits, Hit(e.Rank)<<32|s.at|unsure) }
