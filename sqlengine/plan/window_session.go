package plan

import "sluice/sqlengine/syntax"

// Session is a window from a row on, until rows stay out for a while.
type Session struct{ Length, Gap Length }

// String implements WindowSpec.
func (s *Session) String() string {
	return "session up to " + s.Length.String() + ", gap " + s.Gap.String()
}

func (*Session) exprs() []Expr { return nil }

// session is SESSIONWINDOW(unit, length, gap).
func (b *builder) session(w *syntax.Window) (WindowSpec, bool) {
	over := b.plainWindow(w)
	list, ok := b.lengths(w, "SESSIONWINDOW(ss, 60, 5)", 2, 2)
	if !ok || !over {
		return nil, false
	}
	return &Session{Length: list[0], Gap: list[1]}, true
}
