package plan

import "sluice/sqlengine/syntax"

// Tumbling cuts time into windows of equal size.
type Tumbling struct{ Length Length }

// String implements WindowSpec.
func (t *Tumbling) String() string { return "tumbling " + t.Length.String() }

func (*Tumbling) exprs() []Expr { return nil }

// tumbling is TUMBLINGWINDOW(unit, size).
func (b *builder) tumbling(w *syntax.Window) (WindowSpec, bool) {
	over := b.plainWindow(w)
	list, ok := b.lengths(w, "TUMBLINGWINDOW(ss, 10)", 1, 1)
	if !ok || !over {
		return nil, false
	}
	return &Tumbling{list[0]}, true
}
