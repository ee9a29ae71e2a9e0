package sqlengine

import (
	"slices"

	"sluice/sqlengine/index"
	"sluice/sqlengine/value"
)

// Ruleset runs many queries over shared streams, driven by one goroutine. A
// row costs nothing to a rule whose conjuncts rule it out; its Stats count the
// row all the same. A rule that errors or panics fails alone: it is taken out
// of the set and the host is told.
type Ruleset struct {
	onFail func(id string, err error)
	rules  map[string]*rule
	order  []*rule // by rank; nil: removed
	feeds  map[string]*feed
	due    dueRules

	touched int     // so that touch has an effect
	driving bool    // rules are being driven
	gone    []*rule // were removed meanwhile
	pass    pass

	turns []turn // used again by every step, as are the next three
	hits  []index.Hit
	some  []value.Row
	part  value.Batch
}

// rule is a run in the set. Its rank is its place in the order in which rules
// were added.
type rule struct {
	index.Entry
	id      string
	run     *Run
	indexed bool // it is in the index of its only stream
	sure    bool // rows that meet its conditions may pass its first operator
	removed bool
	place   int // in Ruleset.due; -1: it waits for no time
	due     int64
}

// NewRuleset makes an empty set. onFail is called on the goroutine that drives
// the set. It and the outputs of rules may call Remove and Add, but not Push and
// Advance.
func NewRuleset(onFail func(id string, err error)) *Ruleset {
	return &Ruleset{onFail: onFail, rules: map[string]*rule{}, feeds: map[string]*feed{}}
}

// Add puts a run into the set; one that had this id is replaced, not closed.
// Rules are driven in the order in which they were added. State is restored
// before a run is added, and a run in the set is driven by the set alone; its
// SetParam, Snapshot and Stats may be called.
func (s *Ruleset) Add(id string, run *Run) {
	s.Remove(id)
	s.compact()
	r := &rule{id: id, run: run, place: -1}
	r.Rank = uint32(len(s.order))
	s.order = append(s.order, r)
	s.rules[id] = r
	for _, stream := range run.Streams() {
		f := s.feeds[stream]
		if f == nil {
			f = &feed{stream: stream}
			s.feeds[stream] = f
		}
		f.add(r)
	}
	s.due.update(r)
}

// compact closes the gaps in the ranks when most of them are gaps.
func (s *Ruleset) compact() {
	if s.driving || len(s.order) < 2*len(s.rules)+16 {
		return
	}
	s.order = slices.DeleteFunc(s.order, func(r *rule) bool { return r == nil })
	for i, r := range s.order {
		r.Rank = uint32(i)
	}
}

// Remove takes a run out of the set without closing it.
func (s *Ruleset) Remove(id string) {
	r := s.rules[id]
	if r == nil {
		return
	}
	r.removed = true
	delete(s.rules, id)
	s.due.remove(r)
	if r.indexed {
		r.run.Withdraw(s.pass.missed(r))
	}
	s.gone = append(s.gone, r)
	if !s.driving {
		s.sweep()
	}
}

// sweep takes removed rules out of what the driving of rules reads.
func (s *Ruleset) sweep() {
	for _, r := range s.gone {
		s.order[r.Rank] = nil
		for _, stream := range r.run.Streams() {
			f := s.feeds[stream]
			if f.remove(r); f.empty() {
				delete(s.feeds, stream)
			}
		}
	}
	clear(s.gone)
	s.gone = s.gone[:0]
}

// Push gives rows of a stream to the rules that read it. A rule gets those
// that may matter to it in one batch.
func (s *Ruleset) Push(stream string, b *value.Batch) {
	f := s.feeds[stream]
	if f == nil || len(b.Rows) == 0 {
		return
	}
	f.rows.Add(uint64(len(b.Rows)))
	s.hits = f.index.Find(s.hits[:0], b.Rows)
	s.turns = f.turns(s.turns[:0], s.hits, s.order)
	s.pass = pass{feed: f, rows: len(b.Rows), end: uint32(len(s.order))}
	s.drive(func(t turn) error {
		if t.sure {
			return t.rule.run.PushMatching(s.batch(t, b))
		}
		return t.rule.run.Push(stream, s.batch(t, b))
	})
	s.pass = pass{}
}

// batch is what a rule gets of a batch.
func (s *Ruleset) batch(t turn, b *value.Batch) *value.Batch {
	if t.to == 0 || t.to-t.from == len(b.Rows) {
		return b
	}
	s.some = s.some[:0]
	for _, h := range s.hits[t.from:t.to] {
		s.some = append(s.some, b.Rows[h.Row()])
	}
	s.part = value.Batch{Schema: b.Schema, Rows: s.some, Ack: b.Ack}
	return &s.part
}

// Advance tells the rules that wait for a time up to t, in nanoseconds, that
// it is t.
func (s *Ruleset) Advance(t int64) {
	s.turns = s.due.until(s.turns[:0], t)
	slices.SortFunc(s.turns, func(a, b turn) int { return int(a.rule.Rank) - int(b.rule.Rank) })
	s.drive(func(turn turn) error { return turn.rule.run.Advance(t) })
}

// Next is the earliest time at which Advance would emit something.
func (s *Ruleset) Next() (t int64, ok bool) {
	if len(s.due) == 0 {
		return 0, false
	}
	return s.due[0].due, true
}
