package plan

import (
	"fmt"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// Count is of the last rows.
type Count struct {
	Rows      int64
	Every     int64  // so many rows after another a result comes, once there are Rows
	Partition []Expr // a window for each value of them
}

// String implements WindowSpec.
func (c *Count) String() string {
	text := fmt.Sprintf("count %d", c.Rows)
	if c.Every != c.Rows {
		text += fmt.Sprintf(" every %d", c.Every)
	}
	if len(c.Partition) > 0 {
		var keys formatter
		keys.list(c.Partition)
		text += " partition by " + keys.String()
	}
	return text
}

func (c *Count) exprs() []Expr { return c.Partition }

// count is COUNTWINDOW(rows [, every]) [OVER (PARTITION BY …)].
func (b *builder) count(w *syntax.Window) (WindowSpec, bool) {
	c := &Count{}
	counts := b.counts(w, c)
	return c, b.countOver(w, c) && counts
}

func (b *builder) counts(w *syntax.Window, c *Count) bool {
	if n := len(w.Args); n < 1 || n > 2 {
		b.find(diag.NoOverload, w.Span, "Write COUNTWINDOW(10) or COUNTWINDOW(10, 5).", "COUNTWINDOW takes a number of rows, and after how many rows it comes again")
		return false
	}
	if unit, ok := w.Args[0].(*syntax.Unit); ok {
		b.find(diag.TypeMismatch, unit.At(), "Write COUNTWINDOW(10).", "COUNTWINDOW counts rows: it has no unit")
		return false
	}
	rows, ok := b.size(w.Args[0])
	c.Rows, c.Every = rows, rows
	if len(w.Args) == 1 || !ok {
		return ok
	}
	if c.Every, ok = b.size(w.Args[1]); !ok {
		return false
	}
	if c.Every > c.Rows {
		b.find(diag.TypeMismatch, w.Args[1].At(), fmt.Sprintf("Write a number from 1 to %d, or leave it out.", c.Rows),
			"a window of %d rows that comes every %d rows would lose some", c.Rows, c.Every)
		return false
	}
	return true
}

// countOver binds what the windows are kept apart by.
func (b *builder) countOver(w *syntax.Window, c *Count) bool {
	if w.Over == nil {
		return true
	}
	for _, e := range w.Over.Partition {
		c.Partition = append(c.Partition, b.within(scope{clause: "PARTITION BY", stage: b.windowStage()}, e))
	}
	if w.Over.When != nil || w.Over.Order != nil {
		b.find(diag.Misplaced, w.Over.Span, "Rows that are not to be counted are dropped by FILTER (WHERE …) in front of OVER.",
			"the OVER of COUNTWINDOW takes PARTITION BY alone")
		return false
	}
	return true
}
