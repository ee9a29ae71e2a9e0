package plan

import (
	"fmt"
	"slices"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// selectList binds the items of SELECT to the columns of the result.
func (b *builder) selectList() []Output {
	var items []Output
	named := map[string]bool{} // names that stand in the list, not those of *
	unnamed := 0
	stars := false
	for i := range b.query.Items {
		it := &b.query.Items[i]
		if star, ok := it.X.(*syntax.Star); ok {
			b.checkStar(star)
			stars = true
			items = append(items, b.star(it, star)...)
			continue
		}
		if outs, ok := b.columnsItem(it); ok {
			items = append(items, outs...)
			continue
		}
		outs, unnested := b.unnestItem(it)
		if !unnested {
			outs = []Output{b.item(it, &unnamed)}
		}
		if len(outs) == 0 {
			continue
		}
		out := outs[0]
		if it.Invisible {
			continue
		}
		if a := b.aliases[it.Alias.Name]; named[out.Name] && (a == nil || a.def == it.X) { // two aliases were found already
			b.find(diag.Duplicate, it.Span, "Give it another name by AS.", "duplicate field definition %q", out.Name)
		}
		named[out.Name] = true
		items = append(items, outs...)
	}
	if stars {
		items = withoutHidden(mergeStars(items), named)
	}
	return items
}

// withoutHidden drops a column that * brought where another item has its name.
func withoutHidden(items []Output, named map[string]bool) []Output {
	return slices.DeleteFunc(items, func(it Output) bool { return it.star && named[it.Name] })
}

func (b *builder) checkStar(s *syntax.Star) {
	if s.Stream == "" {
		return
	}
	if _, ok := b.sourceNamed(s.Stream); !ok {
		b.find(diag.UnknownStream, s.Span, diag.DidYouMean(s.Stream, b.sourceNames()), "unknown stream %q", s.Stream)
	}
}

func (b *builder) item(it *syntax.Item, unnamed *int) Output {
	out := Output{Null: b.nullMode(NullOmitted)}
	if name := it.Alias.Name; name != "" {
		out.Name = name
		out.X = b.bindAlias(b.aliases[name])
	} else {
		out.X = b.within(scope{clause: "SELECT", stage: stageOut}, it.X)
		out.Name = itemName(it.X, unnamed)
		if b.isBare(it.X) {
			out.Null = b.nullMode(NullKept)
		}
	}
	return out
}

// nullMode is how an item is written unless the rule wants every NULL.
func (b *builder) nullMode(m NullMode) NullMode {
	if b.settings.SendNil {
		return NullWritten
	}
	return m
}

func itemName(e syntax.Expr, unnamed *int) string {
	switch e := e.(type) {
	case *syntax.Ident:
		return e.Name
	case *syntax.Field:
		if _, ok := e.X.(*syntax.Ident); ok && !e.Arrow {
			return e.Name.Name
		}
	case *syntax.Call:
		return strings.ToLower(e.Name.Name)
	}
	*unnamed++
	return fmt.Sprintf("kuiper_field_%d", *unnamed-1)
}

// isBare tells of an item that is a column of the stream and nothing else.
func (b *builder) isBare(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Ident:
		return b.aliases[e.Name] == nil
	case *syntax.Field:
		id, ok := e.X.(*syntax.Ident)
		if !ok || e.Arrow {
			return false
		}
		_, named := b.sourceNamed(id.Name)
		return named
	}
	return false
}

func outputSchema(items []Output) *value.Schema {
	s := &value.Schema{Columns: make([]value.Column, len(items))}
	for i, it := range items {
		s.Columns[i] = value.Column{Name: it.Name, Kind: it.X.Kind(), Role: it.Role}
	}
	return s
}
