package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// State is a window from a row of one condition to a row of another.
type State struct {
	Begin     Expr
	End       Expr   // nil: the next row of Begin ends it, and is not a part of it
	Partition []Expr // a window for each value of them
}

// String implements WindowSpec.
func (s *State) String() string {
	text := "state from " + Format(s.Begin)
	if s.End != nil {
		text += " to " + Format(s.End)
	}
	if len(s.Partition) > 0 {
		var f formatter
		f.list(s.Partition)
		text += " by " + f.String()
	}
	return text
}

func (s *State) exprs() []Expr {
	return present(append([]Expr{s.Begin, s.End}, s.Partition...)...)
}

// state is STATEWINDOW(condition) or STATEWINDOW(begin, end).
func (b *builder) state(w *syntax.Window) (WindowSpec, bool) {
	before := len(b.findings)
	if n := len(w.Args); n < 1 || n > 2 {
		b.find(diag.NoOverload, w.Span, "Write STATEWINDOW(state = 1) or STATEWINDOW(a > 10, a < 5).", "STATEWINDOW takes one or two conditions, not %d", n)
		return nil, false
	}
	at := scope{clause: "STATEWINDOW", stage: b.windowStage()}
	s := &State{Begin: b.condition(at, w.Args[0])}
	if len(w.Args) > 1 {
		s.End = b.condition(at, w.Args[1])
	}
	s.Partition = b.windowPartition(w)
	return s, len(b.findings) == before
}

// windowPartition binds OVER (PARTITION BY …) of a window.
func (b *builder) windowPartition(w *syntax.Window) []Expr {
	if w.Over == nil {
		return nil
	}
	if w.Over.When != nil || w.Over.Order != nil || len(w.Over.Partition) == 0 {
		b.find(diag.Misplaced, w.Over.Span, "Write OVER (PARTITION BY device).", "the OVER of %s takes PARTITION BY alone", w.Name.Name)
	}
	at := scope{clause: "PARTITION BY", stage: b.windowStage()}
	var list []Expr
	for _, e := range w.Over.Partition {
		list = append(list, b.within(at, e))
	}
	return list
}
