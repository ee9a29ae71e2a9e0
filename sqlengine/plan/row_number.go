package plan

import (
	"slices"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// rowNumber binds row_number() to the column that a step of its own fills.
// Without a window or a join each row is the first.
func (b *builder) rowNumber(e *syntax.Call) Expr {
	b.aggregatesOnly(e)
	if !b.inSelectList(e, "row_number") {
		return unknown()
	}
	if len(e.Args) > 0 {
		b.find(diag.NoOverload, e.Span, "Write row_number() OVER (ORDER BY a).", "row_number takes no argument, not %d", len(e.Args))
	}
	r := &RowNumber{}
	if e.Over != nil {
		b.numberOver(e.Over, r)
	}
	if len(b.query.Windows) == 0 && len(b.sources) == 1 {
		return &Const{value.OfInt(1)}
	}
	text := "row_number" + strings.TrimPrefix(syntax.Print(e), syntax.Quote(e.Name.Name))
	for _, other := range b.numbers {
		if b.columns[other.ID].Name == text {
			return &Column{other.ID, text, value.Int}
		}
	}
	column := b.compute(text, value.Int)
	r.ID = column.ID
	b.numbers = append(b.numbers, r)
	return column
}

func (b *builder) numberOver(o *syntax.Over, r *RowNumber) {
	if o.When != nil {
		b.find(diag.Misplaced, o.When.At(), "", "the OVER of row_number takes PARTITION BY and ORDER BY, not WHEN")
	}
	inner := b.scope
	inner.clause = "the OVER of row_number"
	for _, x := range o.Partition {
		r.Partition = append(r.Partition, b.within(inner, x))
	}
	r.Order = b.sortKeys(inner, o.Order)
}

// readsNumbers tells whether an expression needs row_number().
func (b *builder) readsNumbers(x Expr) bool {
	found := false
	Reads(x, func(c *Column) {
		found = found || slices.ContainsFunc(b.numbers, func(r *RowNumber) bool { return r.ID == c.ID })
	})
	return found
}
