package syntax

import (
	"slices"
	"strconv"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

func (p *parser) expr() Expr { return p.climb(levelOr) }

// climb reads an expression whose operators bind at least as tightly as level.
func (p *parser) climb(level int) Expr {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.fail(p.tok.span, "", "the expression is nested too deeply")
		return &Null{Word: "NULL"}
	}
	left := p.prefix(level)
	for {
		next := p.infix(left, level)
		if next == nil {
			return left
		}
		left = next
		p.countOperator()
	}
}

func (p *parser) countOperator() {
	if p.used++; p.used > maxOperators {
		p.fail(p.tok.span, "Write a long list of alternatives as x IN (a, b, c).", "there are more than %d operators", maxOperators)
	}
}

// infix extends left by one operator, or returns nil.
func (p *parser) infix(left Expr, level int) Expr {
	if op, ok := infix(p.tok); ok {
		if op.level() < level {
			return nil
		}
		p.advance()
		right := p.climb(op.level() + 1)
		return &Binary{p.from(left), op, left, right}
	}
	if level > levelCompare {
		return nil
	}
	if p.tok.word("IS") {
		return p.isNull(left)
	}
	not := p.tok.is("NOT")
	if not {
		p.advance()
	}
	switch {
	case p.accept("IN"):
		return p.in(left, not)
	case p.accept("BETWEEN"):
		low := p.climb(levelSum)
		p.expect("AND")
		high := p.climb(levelSum)
		return &Between{p.from(left), left, low, high, not}
	case p.accept("LIKE"):
		pattern := p.climb(levelSum)
		return &Like{p.from(left), left, pattern, not}
	case not:
		p.expected("IN, BETWEEN or LIKE after NOT")
	}
	return nil
}

func (p *parser) from(e Expr) Pos { return p.since(e.At().Start) }

func (p *parser) isNull(left Expr) Expr {
	p.advance()
	not := p.accept("NOT")
	if !p.tok.word("NULL") && !p.tok.word("NIL") {
		p.expected("NULL")
		return nil
	}
	p.advance()
	return &IsNull{p.from(left), left, not}
}

func (p *parser) in(left Expr, not bool) Expr {
	if !p.accept("(") {
		set := p.climb(levelSum)
		return &In{Pos: p.from(left), X: left, Set: set, Not: not}
	}
	var list []Expr
	if !p.tok.is(")") {
		list = p.exprs()
	}
	p.expect(")")
	return &In{Pos: p.from(left), X: left, List: list, Not: not}
}

func (p *parser) exprs() []Expr {
	list := []Expr{p.expr()}
	for p.accept(",") {
		list = append(list, p.expr())
	}
	return list
}

func (p *parser) prefix(level int) Expr {
	start := p.tok.span.Start
	switch {
	case p.tok.is("NOT"):
		p.advance()
		if level > levelNot {
			p.fail(diag.Span{Start: start, End: p.prev.End}, "Put NOT and what follows in parentheses.", "NOT cannot stand after this operator")
		}
		x := p.climb(levelNot)
		return &Unary{p.since(start), Not, x}
	case p.tok.is("-"):
		p.advance()
		if p.tok.kind == tokenInt || p.tok.kind == tokenFloat {
			return p.postfix(p.number(start))
		}
		x := p.climb(levelPrefix)
		return &Unary{p.since(start), Neg, x}
	}
	return p.postfix(p.operand())
}

// number reads a numeric literal; a minus before it begins at start.
func (p *parser) number(start int) Expr {
	t := p.tok
	p.advance()
	pos := p.since(start)
	text := t.text
	if start < t.span.Start {
		text = "-" + text
	}
	if t.kind == tokenInt {
		i, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			p.fail(pos.Span, "Write it with a decimal point to make it a FLOAT.", "%s does not fit into a BIGINT", text)
		}
		return &Literal{pos, value.OfInt(i)}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.fail(pos.Span, "", "%s does not fit into a FLOAT", text)
	}
	return &Literal{pos, value.OfFloat(f)}
}

func (p *parser) operand() Expr {
	t := p.tok
	pos := Pos{t.span}
	switch t.kind {
	case tokenInt, tokenFloat:
		return p.number(t.span.Start)
	case tokenString:
		p.advance()
		return &Literal{pos, value.OfString(t.text)}
	case tokenParam:
		p.advance()
		return &Param{pos, t.text}
	case tokenName:
		return p.name()
	}
	switch {
	case p.accept("TRUE"):
		return &Literal{pos, value.OfBool(true)}
	case p.accept("FALSE"):
		return &Literal{pos, value.OfBool(false)}
	case t.is("CASE"):
		return p.caseExpr()
	case p.accept("*"):
		return &Star{Pos: pos}
	case t.is("SELECT"):
		p.fail(t.span, "Feed one rule's result into another by a memory stream.", "there are no subqueries")
		return &Null{pos, "NULL"}
	case p.accept("("):
		e := p.expr()
		p.expect(")")
		return e
	}
	p.expectedName("an expression")
	return &Null{pos, "NULL"}
}

// name reads a column, a call or NULL.
func (p *parser) name() Expr {
	t := p.tok
	id := p.ident("a name")
	switch {
	case p.tok.is("("):
		return p.call(id)
	case t.word("NULL") || t.word("NIL"):
		return &Null{id.Pos, id.Name}
	}
	return &id
}

func (p *parser) call(name Ident) Expr {
	p.expect("(")
	c := &Call{Name: name}
	if p.tok.word("DISTINCT") && p.beginsOperand() {
		p.advance()
		c.Distinct = true
	}
	if p.unit() != nil {
		p.fail(name.Span, windowHint(name.Name), "unknown window %s", name.Name)
	}
	if !p.tok.is(")") {
		c.Args = p.exprs()
	}
	p.expect(")")
	if p.tok.is("FILTER") {
		c.Filter = p.filter()
	}
	if p.tok.is("OVER") {
		c.Over = p.over()
	}
	c.Pos = p.since(name.Start)
	return c
}

// beginsOperand tells whether the token behind this one begins an operand, so
// that this one is no column.
func (p *parser) beginsOperand() bool {
	lex := p.lex // a copy, which reads ahead
	next := lex.next()
	if next.is("*") {
		next = lex.next()
		return next.is(")") || next.is(",")
	}
	switch next.kind {
	case tokenName, tokenInt, tokenFloat, tokenString, tokenParam:
		return true
	}
	return slices.ContainsFunc([]string{"(", "CASE", "NOT", "TRUE", "FALSE"}, next.is)
}

func (p *parser) filter() Expr {
	p.expect("FILTER")
	p.expect("(")
	p.expect("WHERE")
	cond := p.expr()
	p.expect(")")
	return cond
}

func (p *parser) over() *Over {
	start := p.tok.span.Start
	p.expect("OVER")
	p.expect("(")
	o := &Over{}
	for !p.tok.is(")") && p.err == nil {
		switch {
		case o.When == nil && p.accept("WHEN"):
			o.When = p.expr()
		case o.Partition == nil && p.accept("PARTITION"):
			p.expect("BY")
			o.Partition = p.exprs()
		case o.Order == nil && p.accept("ORDER"):
			p.expect("BY")
			o.Order = p.sorts()
		default:
			p.expected("PARTITION BY, WHEN or ORDER BY")
		}
	}
	p.expect(")")
	o.Pos = p.since(start)
	if o.When == nil && o.Partition == nil && o.Order == nil {
		p.fail(o.Span, "Leave it out.", "OVER () says nothing")
	}
	return o
}

func (p *parser) caseExpr() Expr {
	start := p.tok.span.Start
	p.expect("CASE")
	c := &Case{}
	if !p.tok.is("WHEN") {
		c.Operand = p.expr()
	}
	for p.accept("WHEN") {
		cond := p.expr()
		p.expect("THEN")
		c.Whens = append(c.Whens, When{cond, p.expr()})
	}
	if len(c.Whens) == 0 {
		p.expected("WHEN")
	}
	if p.accept("ELSE") {
		c.Else = p.expr()
	}
	p.expect("END")
	c.Pos = p.since(start)
	return c
}

// postfix reads the fields, indexes and slices behind an operand.
func (p *parser) postfix(x Expr) Expr {
	for ; ; p.countOperator() {
		switch {
		case p.accept("->"):
			x = p.field(x, true)
		case p.tok.is("."):
			p.advance()
			if id, ok := x.(*Ident); ok && p.accept("*") {
				return &Star{p.from(x), id.Name}
			}
			x = p.field(x, false)
		case p.accept("["):
			x = p.subscript(x)
		default:
			return x
		}
	}
}

func (p *parser) field(x Expr, arrow bool) Expr {
	name := p.ident("the name of a field")
	return &Field{p.from(x), x, name, arrow}
}

func (p *parser) subscript(x Expr) Expr {
	var low, high Expr
	if p.accept("]") {
		return &Slice{p.from(x), x, nil, nil}
	}
	if !p.tok.is(":") {
		low = p.expr()
	}
	if !p.accept(":") {
		p.expect("]")
		return &Index{p.from(x), x, low}
	}
	if !p.tok.is("]") {
		high = p.expr()
	}
	p.expect("]")
	return &Slice{p.from(x), x, low, high}
}
