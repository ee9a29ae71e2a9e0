package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// delay binds delay(n, x), which is x: a step of its own holds the row back.
// Several delays add up.
func (b *builder) delay(e *syntax.Call) Expr {
	b.plainCall(e)
	if len(e.Args) != 2 {
		b.find(diag.NoOverload, e.Span, "Write delay(1000, a).", "delay takes 2 arguments, not %d", len(e.Args))
		return unknown()
	}
	if !b.inSelectList(e, "delay") {
		return unknown()
	}
	if b.settings.EventTime {
		b.find(diag.Unsupported, e.Span, "Use lateTolerance to wait for late rows.", "delay waits for the clock, and in event time there is none")
	}
	n := b.bind(e.Args[0])
	if k := n.Kind(); k != value.Null && k != value.Int && k != value.Float {
		b.find(diag.TypeMismatch, e.Args[0].At(), "", "delay waits for a number of milliseconds, not for a %s", k)
	}
	if b.delayed == nil {
		b.delayed = n
	} else {
		b.delayed = fold(&Arithmetic{Op: syntax.Add, L: b.delayed, R: n})
	}
	return b.bind(e.Args[1])
}

// hold is the step that holds rows back; nil: no row waits.
func (b *builder) hold() Step {
	if b.delayed == nil {
		return nil
	}
	return &Delay{b.delayed}
}
