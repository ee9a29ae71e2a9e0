package plan

import "sluice/sqlengine/syntax"

// Hopping cuts time into windows of equal length, of which one begins with
// every hop: they overlap, or leave gaps between them.
type Hopping struct{ Length, Hop Length }

// String implements WindowSpec.
func (h *Hopping) String() string { return "hopping " + h.Length.String() + " every " + h.Hop.String() }

func (*Hopping) exprs() []Expr { return nil }

// hopping is HOPPINGWINDOW(unit, length, hop).
func (b *builder) hopping(w *syntax.Window) (WindowSpec, bool) {
	over := b.plainWindow(w)
	list, ok := b.lengths(w, "HOPPINGWINDOW(ss, 10, 5)", 2, 2)
	if !ok || !over {
		return nil, false
	}
	return &Hopping{Length: list[0], Hop: list[1]}, true
}
