package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// Sliding looks back from rows.
type Sliding struct {
	Length Length
	Delay  *Length // how much later the result comes, with the rows until then; nil: at once
	When   Expr    // only rows with it have a result; nil: all have
	Hits   bool    // such rows count as hits of the rule: last_hit_count()
	// Version2: the left end is excluded and, with a delay, the right end
	// included.
	Version2 bool
	Twice    bool // with a delay: the rows so far are emitted at once, too
}

// String implements WindowSpec.
func (s *Sliding) String() string {
	text := "sliding " + s.Length.String()
	if s.Version2 {
		text += " without its start"
	}
	if s.Delay != nil {
		text += " delayed by " + s.Delay.String()
	}
	if s.Twice {
		text += " and at once"
	}
	if s.When != nil {
		text += " when " + Format(s.When) + countsHits(s.Hits)
	}
	return text
}

func (s *Sliding) exprs() []Expr { return present(s.When) }

// sliding is SLIDINGWINDOW(unit, length [, delay]) [OVER (WHEN …)].
func (b *builder) sliding(w *syntax.Window) (WindowSpec, bool) {
	s := &Sliding{Version2: b.settings.SlidingVersion2}
	when := b.slidingWhen(w, s)
	list, ok := b.lengths(w, "SLIDINGWINDOW(ss, 10)", 1, 2)
	if !ok || !when {
		return nil, false
	}
	s.Length = list[0]
	if len(list) > 1 {
		s.Delay, s.Twice = &list[1], b.settings.SendTwice
	}
	return s, true
}

// slidingWhen binds the condition of rows that have a result.
func (b *builder) slidingWhen(w *syntax.Window, s *Sliding) bool {
	if w.Over == nil {
		return true
	}
	if w.Over.When != nil {
		s.When = b.condition(scope{clause: "OVER (WHEN …)", stage: b.windowStage()}, w.Over.When)
	}
	if w.Over.Partition != nil || w.Over.Order != nil {
		b.find(diag.Misplaced, w.Over.Span, "Groups are made by GROUP BY: GROUP BY device, SLIDINGWINDOW(ss, 10).",
			"the OVER of SLIDINGWINDOW takes WHEN alone")
		return false
	}
	return true
}
