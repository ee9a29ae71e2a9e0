package sqlengine

import (
	"fmt"
	"runtime/debug"
)

// turn is a rule to be driven.
type turn struct {
	rule     *rule
	from, to int  // its hits; to 0: it gets the batch as it came
	sure     bool // it gets only rows that meet its conditions
}

// pass is a Push that goes on.
type pass struct {
	feed *feed
	rank uint32 // of the rule that is being driven
	end  uint32 // ranks from here on were given meanwhile
	rows int
}

// missed counts the rows that the feed has counted for a rule that is removed
// before its turn.
func (p *pass) missed(r *rule) int {
	if p.feed == nil || r.Rank <= p.rank || r.Rank >= p.end || !r.run.Reads(p.feed.stream) {
		return 0
	}
	return p.rows
}

// drive gives each rule its turn.
func (s *Ruleset) drive(step func(turn) error) {
	s.driving = true
	defer func() {
		s.driving = false
		clear(s.turns) // which may hold the last reference to a run
		s.sweep()
	}()
	for next := 0; next < len(s.turns); {
		next = s.guarded(next, step)
	}
}

// guarded gives turns from the one at next on, until a rule panics, at the
// price of one recover for all. It returns whose turn is next.
func (s *Ruleset) guarded(next int, step func(turn) error) (then int) {
	then = next
	defer func() {
		if p := recover(); p != nil {
			s.fail(s.turns[then].rule, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			then++
		}
	}()
	for ; then < len(s.turns); then++ {
		if then%touchAhead == 0 {
			s.touch(s.turns[then:min(then+touchAhead, len(s.turns))])
		}
		t := s.turns[then]
		if t.rule.removed {
			continue
		}
		s.pass.rank = t.rule.Rank
		if err := step(t); err != nil {
			s.fail(t.rule, err)
			continue
		}
		if !t.rule.removed {
			s.due.update(t.rule)
		}
	}
	return then
}

// touchAhead is for how many rules memory is fetched at once: few enough for
// the nearest cache to hold it until their turn.
const touchAhead = 32

// touch fetches the memory of rules whose turn comes: see exec.Run.Touch.
func (s *Ruleset) touch(turns []turn) {
	n := 0
	for i := range turns {
		n += turns[i].rule.place
	}
	for i := range turns {
		n += turns[i].rule.run.Touch()
	}
	s.touched = n
}

// fail takes a rule out of the set, unless its own step has, and tells the
// host.
func (s *Ruleset) fail(r *rule, err error) {
	if !r.removed {
		s.Remove(r.id)
	}
	s.onFail(r.id, err)
}
