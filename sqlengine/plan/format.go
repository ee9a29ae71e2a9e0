package plan

import (
	"strings"

	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Format is an expression as Explain and error messages show it.
func Format(e Expr) string {
	switch e := e.(type) {
	case *Const:
		return formatValue(e.Value)
	case *Column:
		return e.Name
	case *Negate:
		return "-" + operand(e.X)
	case *Not:
		return "NOT " + operand(e.X)
	case *Arithmetic:
		return infix(e.Op, e.L, e.R)
	case *Compare:
		return infix(e.Op, e.L, e.R)
	case *Logic:
		return infix(e.Op, e.L, e.R)
	case *IsNull:
		return operand(e.X) + " IS " + formatNot(e.Not) + "NULL"
	case *In:
		if e.Set != nil {
			return operand(e.X) + " " + formatNot(e.Not) + "IN " + operand(e.Set)
		}
		return operand(e.X) + " " + formatNot(e.Not) + "IN (" + formatList(e.List) + ")"
	case *Between:
		return operand(e.X) + " " + formatNot(e.Not) + "BETWEEN " + operand(e.Low) + " AND " + operand(e.High)
	case *Like:
		return operand(e.X) + " " + formatNot(e.Not) + "LIKE " + operand(e.Pattern)
	case *Case:
		return formatCase(e)
	case *Member:
		return operand(e.X) + "->" + syntax.Quote(e.Name)
	case *Index:
		return operand(e.X) + "[" + Format(e.I) + "]"
	case *Slice:
		return operand(e.X) + "[" + formatBound(e.Low) + ":" + formatBound(e.High) + "]"
	case *Call:
		return e.Name + "(" + formatList(e.Args) + ")"
	case *Without:
		return Format(e.X) + " EXCEPT (" + strings.Join(e.Names, ", ") + ")"
	case *Struct:
		return "*"
	}
	return ""
}

func formatValue(v value.Value) string {
	if v.Kind() == value.Float {
		return syntax.Print(&syntax.Literal{Value: v})
	}
	text, err := v.AppendJSON(nil)
	if err != nil {
		return v.Kind().String()
	}
	if v.IsNull() || v.Kind() == value.Bool {
		return strings.ToUpper(string(text))
	}
	return string(text)
}

// operand puts parentheses around what consists of several words.
func operand(e Expr) string {
	switch e.(type) {
	case *Arithmetic, *Compare, *Logic, *Not, *IsNull, *In, *Between, *Like:
		return "(" + Format(e) + ")"
	}
	return Format(e)
}

func infix(op syntax.Op, l, r Expr) string { return operand(l) + " " + op.String() + " " + operand(r) }

func formatNot(not bool) string {
	if not {
		return "NOT "
	}
	return ""
}

func formatBound(e Expr) string {
	if e == nil {
		return ""
	}
	return Format(e)
}

func formatList(list []Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = Format(e)
	}
	return strings.Join(parts, ", ")
}

func formatCase(e *Case) string {
	var b strings.Builder
	b.WriteString("CASE")
	if e.Operand != nil {
		b.WriteString(" " + Format(e.Operand))
	}
	for _, w := range e.Whens {
		b.WriteString(" WHEN " + Format(w.Cond) + " THEN " + Format(w.Then))
	}
	if e.Else != nil {
		b.WriteString(" ELSE " + Format(e.Else))
	}
	return b.String() + " END"
}
