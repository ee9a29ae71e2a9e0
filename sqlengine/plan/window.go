package plan

import (
	"fmt"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// WindowSpec is one kind of window with its parameters.
type WindowSpec interface {
	String() string
	exprs() []Expr
}

// Length is a length of time in units of the dialect.
type Length struct {
	Unit string // DD HH MI SS MS
	Size int64  // in units
}

// unitNanos are the lengths of the time units, of a day without a change of
// the clocks.
var unitNanos = map[string]int64{"MS": 1e6, "SS": 1e9, "MI": 60e9, "HH": 3600e9, "DD": 86400e9}

// LongestWindow is how long a window may be, in nanoseconds: 73 years.
const LongestWindow int64 = 1 << 61

// Nanos is the length; days may be longer or shorter by an hour.
func (l Length) Nanos() int64 { return l.Size * unitNanos[l.Unit] }

func (l Length) String() string { return fmt.Sprintf("%d %s", l.Size, strings.ToLower(l.Unit)) }

// windowKind reads the arguments of one kind of window; false: it has found
// what is wrong with them.
type windowKind struct {
	name string
	plan func(b *builder, w *syntax.Window) (WindowSpec, bool)
	// behind tells that WHERE stands behind the window in processing time, too.
	behind bool
}

// windowKinds are the windows of the dialect. They are no variable, because
// the conditions of windows are bound by what their own kind is.
func windowKinds() []windowKind {
	return []windowKind{
		{"TUMBLINGWINDOW", (*builder).tumbling, false},
		{"HOPPINGWINDOW", (*builder).hopping, false},
		{"SESSIONWINDOW", (*builder).session, false},
		{"STATEWINDOW", (*builder).state, false},
		{"SLIDINGWINDOW", (*builder).sliding, true},
		{"COUNTWINDOW", (*builder).count, true},
	}
}

// windowKind is the kind of the query's window; nil: it has none.
func (b *builder) windowKind() *windowKind {
	if len(b.query.Windows) == 0 {
		return nil
	}
	for _, k := range windowKinds() {
		if strings.EqualFold(k.name, b.query.Windows[0].Name.Name) {
			return &k
		}
	}
	return nil
}

// whereBehind tells whether WHERE sees the rows of a window, not those of the
// stream.
func (b *builder) whereBehind() bool {
	k := b.windowKind()
	return k != nil && (k.behind || b.totals != nil || b.settings.EventTime || len(b.sources) > 1)
}

// windowStage is the stage of conditions that the window itself evaluates.
func (b *builder) windowStage() stage {
	if b.whereBehind() {
		return stageEvery
	}
	return stageRow
}

// window reads the window of GROUP BY; nil without one.
func (b *builder) window() WindowSpec {
	windows := b.query.Windows
	if len(windows) == 0 {
		return nil
	}
	for _, w := range windows[1:] {
		b.find(diag.Duplicate, w.Span, "Write a rule for each window.", "a query has one window only")
	}
	spec, ok := b.windowKind().plan(b, windows[0])
	if !ok {
		return nil
	}
	return spec
}

// windowFilter drops rows in front of the window: its FILTER (WHERE …).
func (b *builder) windowFilter() Step {
	if len(b.query.Windows) == 0 || b.query.Windows[0].Filter == nil {
		return nil
	}
	return &Filter{Clause: "FILTER", Cond: b.condition(scope{clause: "FILTER", stage: b.windowStage()}, b.query.Windows[0].Filter)}
}

// plainWindow refuses OVER where a kind of window has no use for it.
func (b *builder) plainWindow(w *syntax.Window) bool {
	if w.Over == nil {
		return true
	}
	b.find(diag.Misplaced, w.Over.Span, "OVER (WHEN …) is for SLIDINGWINDOW, OVER (PARTITION BY …) for COUNTWINDOW and STATEWINDOW.",
		"%s does not take OVER", strings.ToUpper(w.Name.Name))
	return false
}

// lengths reads a unit and so many sizes, of which the last ones may be left
// out down to least.
func (b *builder) lengths(w *syntax.Window, example string, least, most int) ([]Length, bool) {
	if n := len(w.Args); n < least+1 || n > most+1 {
		b.find(diag.NoOverload, w.Span, "Write "+example+".", "%s takes a unit and %s", strings.ToUpper(w.Name.Name), countSizes(least, most))
		return nil, false
	}
	unit, ok := b.unit(w.Args[0])
	var list []Length
	for _, arg := range w.Args[1:] {
		size, good := b.size(arg)
		ok = ok && good
		if longest := LongestWindow / max(unitNanos[unit], 1); ok && size > longest {
			b.find(diag.TypeMismatch, arg.At(), "", "a window of %d %s is too long", size, unit)
			ok = false
		}
		list = append(list, Length{unit, size})
	}
	return list, ok
}

func countSizes(least, most int) string {
	switch {
	case most == 1:
		return "a size"
	case least == most:
		return fmt.Sprintf("%d sizes", most)
	}
	return fmt.Sprintf("%d or %d sizes", least, most)
}

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
