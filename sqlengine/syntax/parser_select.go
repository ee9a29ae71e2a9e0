package syntax

import (
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// ParseSelect reads a query.
func ParseSelect(text string) (*Select, error) {
	p := newParser(text)
	s := p.selectQuery()
	if err := p.finish(); err != nil {
		return nil, err
	}
	return s, nil
}

func (p *parser) selectQuery() *Select {
	s := &Select{}
	start := p.tok.span.Start
	p.expect("SELECT")
	if p.tok.word("DISTINCT") {
		p.fail(p.tok.span, "Group by the columns in a window.", "there is no DISTINCT")
	}
	s.Items = append(s.Items, p.item())
	for p.accept(",") {
		if p.tok.is("FROM") {
			p.fail(p.tok.span, "Leave out the comma in front of FROM.", "expected an expression, found FROM")
		}
		s.Items = append(s.Items, p.item())
	}
	if !p.tok.is("FROM") {
		p.missing("FROM")
	}
	p.advance()
	s.From = p.source()
	if p.tok.is(",") {
		p.fail(p.tok.span, "Join it: FROM a INNER JOIN b ON a.id = b.id.", "a query reads one stream, and those that it joins")
	}
	for join := p.join(); join != nil; join = p.join() {
		s.Joins = append(s.Joins, *join)
	}
	if p.accept("WHERE") {
		s.Where = p.expr()
	}
	if p.accept("GROUP") {
		p.expect("BY")
		p.dimensions(s)
	}
	if p.accept("HAVING") {
		s.Having = p.expr()
	}
	if p.accept("ORDER") {
		p.expect("BY")
		s.Order = p.sorts()
	}
	if p.accept("LIMIT") {
		s.Limit = p.limit()
	}
	s.Pos = p.since(start)
	return s
}

// missing fails where a clause must begin; a bare word there is most likely
// an alias without its AS.
func (p *parser) missing(clause string) {
	p.fail(p.tok.span, p.strayHint(clause), "expected %s, found %s", clause, p.tok.shown())
}

func (p *parser) item() Item {
	start := p.tok.span.Start
	it := Item{X: p.expr()}
	if _, ok := it.X.(*Star); ok {
		p.starOptions(&it)
	} else if p.accept("AS") {
		it.Alias = p.ident("an alias")
	}
	it.Invisible = p.accept("INVISIBLE")
	it.Pos = p.since(start)
	return it
}

func (p *parser) starOptions(it *Item) {
	for {
		switch {
		case it.Except == nil && p.accept("EXCEPT"):
			p.expect("(")
			it.Except = p.idents()
			p.expect(")")
		case it.Replace == nil && p.accept("REPLACE"):
			p.expect("(")
			it.Replace = p.replacements()
			p.expect(")")
		default:
			return
		}
	}
}

func (p *parser) idents() []Ident {
	list := []Ident{p.ident("a column")}
	for p.accept(",") {
		list = append(list, p.ident("a column"))
	}
	return list
}

func (p *parser) replacements() []Replacement {
	var list []Replacement
	for {
		x := p.expr()
		p.expect("AS")
		list = append(list, Replacement{x, p.ident("a column")})
		if !p.accept(",") {
			return list
		}
	}
}

func (p *parser) source() Source {
	s := Source{Name: p.ident("the name of a stream")}
	if p.accept("AS") {
		s.Alias = p.ident("an alias")
	}
	s.Pos = p.since(s.Name.Start)
	return s
}

func (p *parser) join() *Join {
	start := p.tok.span.Start
	for _, kind := range []string{"INNER", "LEFT", "RIGHT", "FULL", "CROSS"} {
		if !p.accept(kind) {
			continue
		}
		p.expect("JOIN")
		j := &Join{Kind: kind, Source: p.source()}
		if kind != "CROSS" && p.accept("ON") {
			j.On = p.expr()
		}
		j.Pos = p.since(start)
		return j
	}
	return nil
}

// dimensions reads the windows and expressions of GROUP BY.
func (p *parser) dimensions(s *Select) {
	for {
		if p.tok.kind == tokenName && !p.tok.quoted && isWindow(p.tok.text) {
			s.Windows = append(s.Windows, p.window())
		} else {
			s.Group = append(s.Group, p.expr())
		}
		if !p.accept(",") {
			return
		}
	}
}

// WindowNames are the windows of the dialect.
var WindowNames = []string{"TUMBLINGWINDOW", "HOPPINGWINDOW", "SLIDINGWINDOW", "SESSIONWINDOW", "COUNTWINDOW", "STATEWINDOW"}

func isWindow(name string) bool {
	for _, w := range WindowNames {
		if strings.EqualFold(w, name) {
			return true
		}
	}
	return false
}

func (p *parser) window() *Window {
	w := &Window{Name: p.ident("a window")}
	p.expect("(")
	for !p.tok.is(")") && p.err == nil {
		w.Args = append(w.Args, p.windowArg())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	if p.tok.is("FILTER") {
		w.Filter = p.filter()
	}
	if p.tok.is("OVER") {
		w.Over = p.over()
	}
	w.Pos = p.since(w.Name.Start)
	return w
}

func (p *parser) windowArg() Expr {
	if u := p.unit(); u != nil {
		p.advance()
		return u
	}
	return p.expr()
}

// unit is the time unit that stands here; nil: there is none.
func (p *parser) unit() *Unit {
	for _, unit := range []string{"DD", "HH", "MI", "SS", "MS"} {
		if p.tok.is(unit) {
			return &Unit{Pos{p.tok.span}, unit}
		}
	}
	return nil
}

// windowHint is about a call that has the arguments of a window.
func windowHint(name string) string {
	if near := diag.Nearest(name, WindowNames); near != "" {
		return "Did you mean " + near + "?"
	}
	return "The windows are " + strings.Join(WindowNames, ", ") + "."
}

func (p *parser) sorts() []Sort {
	var list []Sort
	for {
		s := Sort{X: p.expr()}
		if !p.accept("ASC") {
			s.Desc = p.accept("DESC")
		}
		list = append(list, s)
		if !p.accept(",") {
			return list
		}
	}
}

func (p *parser) limit() *Literal {
	if p.tok.kind != tokenInt {
		p.expected("a number of rows")
		return nil
	}
	if l, ok := p.number(p.tok.span.Start).(*Literal); ok && l.Value.Kind() == value.Int {
		return l
	}
	return nil
}
