package plan

import (
	"strings"

	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Format is an expression as Explain and error messages show it.
func Format(e Expr) string {
	var f formatter
	f.expr(e)
	return f.String()
}

type formatter struct {
	strings.Builder
	shape bool // a number that is a threshold is written as ?
}

// threshold is an operand of a comparison by size.
func (f *formatter) threshold(e Expr) any {
	if c, ok := e.(*Const); ok && f.shape && (c.Value.Kind() == value.Int || c.Value.Kind() == value.Float) {
		return "?"
	}
	return e
}

// parts writes texts as they are and expressions as operands.
func (f *formatter) parts(list ...any) {
	for _, part := range list {
		switch part := part.(type) {
		case string:
			f.WriteString(part)
		case Expr:
			f.operand(part)
		}
	}
}

func (f *formatter) expr(e Expr) {
	switch e := e.(type) {
	case *Const:
		f.WriteString(formatValue(e.Value))
	case *Column:
		f.WriteString(e.Name)
	case *Param:
		f.WriteString("$" + e.Name)
	case *Negate:
		f.parts("-", e.X)
	case *Not:
		f.parts("NOT ", e.X)
	case *Arithmetic:
		f.parts(e.L, " "+e.Op.String()+" ", e.R)
	case *Compare:
		f.compare(e)
	case *Logic:
		f.parts(e.L, " "+e.Op.String()+" ", e.R)
	case *IsNull:
		f.parts(e.X, " IS ", formatNot(e.Not), "NULL")
	case *In:
		f.in(e)
	case *Between:
		f.parts(e.X, " ", formatNot(e.Not), "BETWEEN ", f.threshold(e.Low), " AND ", f.threshold(e.High))
	case *Like:
		f.parts(e.X, " ", formatNot(e.Not), "LIKE ", e.Pattern)
	case *Case:
		f.caseExpr(e)
	case *Member:
		f.parts(e.X, "->", syntax.Quote(e.Name))
	case *Index:
		f.parts(e.X, "[")
		f.expr(e.I)
		f.WriteByte(']')
	case *Slice:
		f.slice(e)
	case *Call:
		f.parts(e.Name, "(")
		f.list(e.Args)
		f.WriteByte(')')
	case *Without:
		f.expr(e.X)
		f.parts(" EXCEPT (", strings.Join(e.Names, ", "), ")")
	case *Struct, *Union:
		f.WriteByte('*')
	case *FirstPresent:
		f.WriteString(e.Name)
	}
}

// operand puts parentheses around what consists of several words.
func (f *formatter) operand(e Expr) {
	switch e.(type) {
	case *Arithmetic, *Compare, *Logic, *Not, *IsNull, *In, *Between, *Like:
		f.WriteByte('(')
		f.expr(e)
		f.WriteByte(')')
	default:
		f.expr(e)
	}
}

func (f *formatter) list(list []Expr) {
	for i, e := range list {
		if i > 0 {
			f.WriteString(", ")
		}
		f.expr(e)
	}
}

func (f *formatter) in(e *In) {
	f.parts(e.X, " ", formatNot(e.Not), "IN ")
	if e.Set != nil {
		f.operand(e.Set)
		return
	}
	f.WriteByte('(')
	f.list(e.List)
	f.WriteByte(')')
}

func (f *formatter) compare(e *Compare) {
	op := " " + e.Op.String() + " "
	if e.Op == syntax.Equal || e.Op == syntax.NotEqual {
		f.parts(e.L, op, e.R)
		return
	}
	f.parts(f.threshold(e.L), op, f.threshold(e.R))
}

func (f *formatter) slice(e *Slice) {
	f.parts(e.X, "[")
	if e.Low != nil {
		f.expr(e.Low)
	}
	f.WriteByte(':')
	if e.High != nil {
		f.expr(e.High)
	}
	f.WriteByte(']')
}

func (f *formatter) caseExpr(e *Case) {
	f.WriteString("CASE")
	if e.Operand != nil {
		f.WriteByte(' ')
		f.expr(e.Operand)
	}
	for _, w := range e.Whens {
		f.WriteString(" WHEN ")
		f.expr(w.Cond)
		f.WriteString(" THEN ")
		f.expr(w.Then)
	}
	if e.Else != nil {
		f.WriteString(" ELSE ")
		f.expr(e.Else)
	}
	f.WriteString(" END")
}

func formatNot(not bool) string {
	if not {
		return "NOT "
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
