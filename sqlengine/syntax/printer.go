package syntax

import (
	"strconv"
	"strings"

	"sluice/sqlengine/value"
)

// Print is the text of an expression: it parses to an equal tree.
func Print(e Expr) string {
	var p printer
	p.expr(e, levelOr)
	return p.String()
}

// Quote writes a name so that it reads back as a name, with backticks where
// it needs them.
func Quote(name string) string {
	l := lexer{text: name}
	if t := l.next(); t.kind == tokenName && !t.quoted && t.text == name && !contextual(name) {
		return name
	}
	return "`" + name + "`"
}

// contextual tells of names that are words of the language in some places.
func contextual(name string) bool {
	switch strings.ToUpper(name) {
	case "NULL", "NIL", "IS", "DISTINCT":
		return true
	}
	return isWindow(name)
}

type printer struct{ strings.Builder }

func (p *printer) text(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

// expr prints e, in parentheses when it binds looser than level.
func (p *printer) expr(e Expr, level int) {
	if own := levelOf(e); own < level {
		p.text("(")
		p.node(e)
		p.text(")")
		return
	}
	p.node(e)
}

func levelOf(e Expr) int {
	switch e := e.(type) {
	case *Binary:
		return e.Op.level()
	case *Unary:
		return e.Op.level()
	case *IsNull, *In, *Between, *Like:
		return levelCompare
	}
	return levelPostfix
}

func (p *printer) node(e Expr) {
	switch e := e.(type) {
	case *Ident:
		p.text(Quote(e.Name))
	case *Literal:
		p.literal(e.Value)
	case *Null:
		p.text(e.Word)
	case *Param:
		p.text("$", e.Name)
	case *Star:
		if e.Stream != "" {
			p.text(Quote(e.Stream), ".")
		}
		p.text("*")
	case *Unary:
		p.unary(e)
	case *Binary:
		p.expr(e.L, e.Op.level())
		p.text(" ", e.Op.String(), " ")
		p.expr(e.R, e.Op.level()+1)
	case *IsNull:
		p.expr(e.X, levelCompare)
		p.text(" IS ", not(e.Not), "NULL")
	case *In:
		p.in(e)
	case *Between:
		p.expr(e.X, levelCompare)
		p.text(" ", not(e.Not), "BETWEEN ")
		p.expr(e.Low, levelSum)
		p.text(" AND ")
		p.expr(e.High, levelSum)
	case *Like:
		p.expr(e.X, levelCompare)
		p.text(" ", not(e.Not), "LIKE ")
		p.expr(e.Pattern, levelSum)
	case *Case:
		p.caseExpr(e)
	case *Field:
		p.expr(e.X, levelPostfix)
		if e.Arrow {
			p.text("->", Quote(e.Name.Name))
		} else {
			p.text(".", Quote(e.Name.Name))
		}
	case *Index:
		p.expr(e.X, levelPostfix)
		p.text("[")
		p.expr(e.I, levelOr)
		p.text("]")
	case *Slice:
		p.slice(e)
	case *Call:
		p.call(e)
	case *Unit:
		p.text(e.Name)
	}
}

func not(not bool) string {
	if not {
		return "NOT "
	}
	return ""
}

func (p *printer) literal(v value.Value) {
	switch v.Kind() {
	case value.Bool:
		p.text(strings.ToUpper(strconv.FormatBool(v.True())))
	case value.Int:
		p.text(strconv.FormatInt(v.Int(), 10))
	case value.Float:
		s := strconv.FormatFloat(v.Float(), 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		p.text(s)
	default:
		p.text(strconv.Quote(v.Str()))
	}
}

func (p *printer) unary(e *Unary) {
	if e.Op == Not {
		p.text("NOT ")
		p.expr(e.X, levelNot)
		return
	}
	p.text("-")
	if startsWithNumber(e.X) || startsWithMinus(e.X) {
		p.text("(")
		p.expr(e.X, levelOr)
		p.text(")")
		return
	}
	p.expr(e.X, levelPrefix)
}

// startsWithNumber tells of operands that would swallow a minus before them.
func startsWithNumber(e Expr) bool {
	switch e := e.(type) {
	case *Literal:
		return e.Value.Kind() == value.Int || e.Value.Kind() == value.Float
	case *Field:
		return startsWithNumber(e.X)
	case *Index:
		return startsWithNumber(e.X)
	case *Slice:
		return startsWithNumber(e.X)
	}
	return false
}

// startsWithMinus tells of operands that would make a comment with a minus.
func startsWithMinus(e Expr) bool {
	u, ok := e.(*Unary)
	return ok && u.Op == Neg
}

func (p *printer) in(e *In) {
	p.expr(e.X, levelCompare)
	p.text(" ", not(e.Not), "IN ")
	if e.Set != nil {
		p.operandOfIn(e.Set)
		return
	}
	p.text("(")
	p.list(e.List)
	p.text(")")
}

// operandOfIn prints the array of IN. In parentheses it would read as a list
// of one, so that only operands that need none can stand there.
func (p *printer) operandOfIn(e Expr) { p.expr(e, levelSum) }

func (p *printer) list(list []Expr) {
	for i, e := range list {
		if i > 0 {
			p.text(", ")
		}
		p.expr(e, levelOr)
	}
}

func (p *printer) caseExpr(e *Case) {
	p.text("CASE")
	if e.Operand != nil {
		p.text(" ")
		p.expr(e.Operand, levelOr)
	}
	for _, w := range e.Whens {
		p.text(" WHEN ")
		p.expr(w.Cond, levelOr)
		p.text(" THEN ")
		p.expr(w.Then, levelOr)
	}
	if e.Else != nil {
		p.text(" ELSE ")
		p.expr(e.Else, levelOr)
	}
	p.text(" END")
}

func (p *printer) slice(e *Slice) {
	p.expr(e.X, levelPostfix)
	p.text("[")
	if e.Low != nil {
		p.expr(e.Low, levelOr)
	}
	p.text(":")
	if e.High != nil {
		p.expr(e.High, levelOr)
	}
	p.text("]")
}

func (p *printer) call(e *Call) {
	p.text(Quote(e.Name.Name), "(")
	if e.Distinct {
		p.distinct(e.Args)
	} else {
		p.list(e.Args)
	}
	p.text(")")
	p.filterOver(e.Filter, e.Over)
}

// distinct prints arguments behind DISTINCT, which reads as a column in front
// of an operator.
func (p *printer) distinct(args []Expr) {
	var q printer
	q.list(args[:1])
	first := q.String()
	if strings.HasPrefix(first, "-") {
		first = "(" + first + ")"
	}
	p.text("DISTINCT ", first)
	if len(args) > 1 {
		p.text(", ")
		p.list(args[1:])
	}
}

func (p *printer) filterOver(filter Expr, over *Over) {
	if filter != nil {
		p.text(" FILTER (WHERE ")
		p.expr(filter, levelOr)
		p.text(")")
	}
	if over == nil {
		return
	}
	var parts []string
	if over.Partition != nil {
		var q printer
		q.list(over.Partition)
		parts = append(parts, "PARTITION BY "+q.String())
	}
	if over.When != nil {
		parts = append(parts, "WHEN "+Print(over.When))
	}
	if over.Order != nil {
		var q printer
		q.sorts(over.Order)
		parts = append(parts, "ORDER BY "+q.String())
	}
	p.text(" OVER (", strings.Join(parts, " "), ")")
}

func (p *printer) sorts(list []Sort) {
	for i, s := range list {
		if i > 0 {
			p.text(", ")
		}
		p.expr(s.X, levelOr)
		if s.Desc {
			p.text(" DESC")
		}
	}
}
