package syntax

import "strconv"

// printSelect is the text of a query: it parses to an equal tree.
func printSelect(s *Select) string {
	var p printer
	p.selectQuery(s)
	return p.String()
}

func (p *printer) selectQuery(s *Select) {
	p.text("SELECT ")
	for i, it := range s.Items {
		if i > 0 {
			p.text(", ")
		}
		p.item(it)
	}
	p.text(" FROM ")
	p.source(s.From)
	for _, j := range s.Joins {
		p.text(" ", j.Kind, " JOIN ")
		p.source(j.Source)
		if j.On != nil {
			p.text(" ON ")
			p.expr(j.On, levelOr)
		}
	}
	if s.Where != nil {
		p.text(" WHERE ")
		p.expr(s.Where, levelOr)
	}
	p.groupBy(s)
	if s.Having != nil {
		p.text(" HAVING ")
		p.expr(s.Having, levelOr)
	}
	if s.Order != nil {
		p.text(" ORDER BY ")
		p.sorts(s.Order)
	}
	if s.Limit != nil {
		p.text(" LIMIT ", strconv.FormatInt(s.Limit.Value.Int(), 10))
	}
}

func (p *printer) item(it Item) {
	p.expr(it.X, levelOr)
	if it.Alias.Name != "" {
		p.text(" AS ", Quote(it.Alias.Name))
	}
	if it.Except != nil {
		p.text(" EXCEPT (")
		for i, id := range it.Except {
			if i > 0 {
				p.text(", ")
			}
			p.text(Quote(id.Name))
		}
		p.text(")")
	}
	if it.Replace != nil {
		p.text(" REPLACE (")
		for i, r := range it.Replace {
			if i > 0 {
				p.text(", ")
			}
			p.expr(r.X, levelOr)
			p.text(" AS ", Quote(r.Alias.Name))
		}
		p.text(")")
	}
	if it.Invisible {
		p.text(" INVISIBLE")
	}
}

func (p *printer) source(s Source) {
	p.text(Quote(s.Name.Name))
	if s.Alias.Name != "" {
		p.text(" AS ", Quote(s.Alias.Name))
	}
}

func (p *printer) groupBy(s *Select) {
	separator := " GROUP BY "
	for _, w := range s.Windows {
		p.text(separator, w.Name.Name, "(")
		p.list(w.Args)
		p.text(")")
		p.filterOver(w.Filter, w.Over)
		separator = ", "
	}
	for _, e := range s.Group {
		p.text(separator)
		p.expr(e, levelOr)
		separator = ", "
	}
}
