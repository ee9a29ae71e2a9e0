package plan

import (
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// window binds the window of GROUP BY; nil when there is none.
func (b *builder) window() WindowSpec {
	if len(b.query.Windows) == 0 {
		return nil
	}
	for _, w := range b.query.Windows[1:] {
		b.find(diag.Duplicate, w.Span, "Write a rule for each window.", "a query has one window only")
	}
	w := b.query.Windows[0]
	if w.Over != nil {
		b.find(diag.Unsupported, w.Over.Span, "", "OVER on a window is not supported yet")
	}
	name := strings.ToUpper(w.Name.Name)
	if name != "TUMBLINGWINDOW" {
		b.find(diag.Unsupported, w.Span, "TUMBLINGWINDOW is.", "%s is not supported yet", name)
		return nil
	}
	return b.tumbling(w)
}

// windowFilter drops rows in front of the window: its FILTER (WHERE …).
func (b *builder) windowFilter() Step {
	if len(b.query.Windows) == 0 || b.query.Windows[0].Filter == nil {
		return nil
	}
	return &Filter{b.condition(scope{clause: "FILTER", stage: stageRow}, b.query.Windows[0].Filter)}
}

// tumbling is TUMBLINGWINDOW(unit, size).
func (b *builder) tumbling(w *syntax.Window) WindowSpec {
	if len(w.Args) != 2 {
		b.find(diag.NoOverload, w.Span, "Write TUMBLINGWINDOW(ss, 10).", "TUMBLINGWINDOW takes a unit and a size")
		return nil
	}
	unit, ok := b.unit(w.Args[0])
	size, also := b.size(w.Args[1])
	if !ok || !also {
		return nil
	}
	if longest := int64(1<<62) / unitNanos[unit]; size > longest {
		b.find(diag.TypeMismatch, w.Args[1].At(), "", "a window of %d %s is too long", size, unit)
		return nil
	}
	return &Tumbling{unit, size}
}

// unitNanos are the lengths of the time units, of a day without a change of
// the clocks.
var unitNanos = map[string]int64{"MS": 1e6, "SS": 1e9, "MI": 60e9, "HH": 3600e9, "DD": 86400e9}

// Nanos is the length of the window; days may be longer or shorter by an hour.
func (t *Tumbling) Nanos() int64 { return t.Size * unitNanos[t.Unit] }

func (b *builder) unit(e syntax.Expr) (string, bool) {
	if u, ok := e.(*syntax.Unit); ok {
		return u.Name, true
	}
	b.find(diag.TypeMismatch, e.At(), "Write the unit first, without quotes.", "a window begins with its unit: dd, hh, mi, ss or ms")
	return "", false
}

func (b *builder) size(e syntax.Expr) (int64, bool) {
	if l, ok := e.(*syntax.Literal); ok && l.Value.Kind() == value.Int && l.Value.Int() > 0 {
		return l.Value.Int(), true
	}
	b.find(diag.TypeMismatch, e.At(), "", "the size of a window is a whole number above 0")
	return 0, false
}
