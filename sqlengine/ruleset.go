package sqlengine

import (
	"fmt"
	"runtime/debug"
	"slices"

	"sluice/sqlengine/value"
)

// Ruleset runs many queries over shared streams, driven by one goroutine. A
// rule that errors or panics fails alone: it is taken out of the set and the
// host is told.
type Ruleset struct {
	onFail func(id string, err error)
	rules  []*rule
}

type rule struct {
	id      string
	run     *Run
	removed bool // while a step over all rules goes on
}

// NewRuleset makes an empty set. onFail is called on the goroutine that drives
// the set; it may call Remove and Add.
func NewRuleset(onFail func(id string, err error)) *Ruleset {
	return &Ruleset{onFail: onFail}
}

// Add puts a run into the set; one that had this id is replaced, not closed.
func (s *Ruleset) Add(id string, r *Run) {
	s.Remove(id)
	s.rules = append(slices.Clip(s.rules), &rule{id: id, run: r})
}

// Remove takes a run out of the set without closing it.
func (s *Ruleset) Remove(id string) {
	i := slices.IndexFunc(s.rules, func(r *rule) bool { return r.id == id })
	if i < 0 {
		return
	}
	s.rules[i].removed = true
	s.rules = slices.Concat(s.rules[:i], s.rules[i+1:]) // a copy: a step may be reading the old one
}

// Push gives rows of a stream to every rule that reads it.
func (s *Ruleset) Push(stream string, b *value.Batch) {
	for _, r := range s.rules {
		if r.run.Reads(stream) {
			s.drive(r, func() error { return r.run.Push(stream, b) })
		}
	}
}

// Advance tells every rule that it is t, in nanoseconds.
func (s *Ruleset) Advance(t int64) {
	for _, r := range s.rules {
		s.drive(r, func() error { return r.run.Advance(t) })
	}
}

// Next is the earliest time at which Advance would emit something.
func (s *Ruleset) Next() (t int64, ok bool) {
	for _, r := range s.rules {
		if n, waits := r.run.Next(); waits && (!ok || n < t) {
			t, ok = n, true
		}
	}
	return t, ok
}

func (s *Ruleset) drive(r *rule, step func() error) {
	if r.removed {
		return
	}
	if err := guard(step); err != nil {
		s.Remove(r.id)
		s.onFail(r.id, err)
	}
}

// guard turns a panic into an error with its stack.
func guard(step func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return step()
}
