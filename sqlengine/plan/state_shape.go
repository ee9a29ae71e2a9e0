package plan

import (
	"fmt"
	"strings"
)

// StateShape tells what the state of a run means: two plans of one shape may go
// on from each other's state. Steps that remember nothing do not count, nor do
// the constants that WHERE and HAVING compare with: what a window has collected
// under another threshold stays in it.
func (p *Plan) StateShape() string {
	var b strings.Builder
	for _, s := range p.Steps {
		if text, counts := p.stateShape(s); counts {
			fmt.Fprintf(&b, "%s %s\n", s.Name(), text)
		}
	}
	for i, s := range p.Sources {
		b.WriteString(p.describeSource(i, s) + "\n")
	}
	for _, c := range p.Columns {
		fmt.Fprintf(&b, "%q %s %d %d %d\n", c.Name, c.Kind, c.Role, c.Source, c.Owner)
	}
	return b.String()
}

func (p *Plan) stateShape(step Step) (text string, counts bool) {
	switch s := step.(type) {
	case *Project, *Order, *Limit, *Unnest, *RowNumber:
		return "", false
	case *Filter:
		return formatShape(s.Cond) + countsHits(s.Hits), true
	case *Having:
		return formatShape(s.Cond) + countsHits(s.Hits), true
	case *Window:
		if s.Where == nil {
			break
		}
		where := formatShape(s.Where)
		same := *s
		same.Where = nil
		return p.describe(&same) + " where " + where, true
	}
	return p.describe(step), true
}

// formatShape writes an expression with a ? for each threshold.
func formatShape(e Expr) string {
	f := formatter{shape: true}
	f.expr(e)
	return f.String()
}
