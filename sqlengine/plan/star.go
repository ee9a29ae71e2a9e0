package plan

import (
	"slices"

	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// star is what * or s.* stands for: the declared columns, or whole rows.
func (b *builder) star(it *syntax.Item, star *syntax.Star) []Output {
	var gone []string
	for _, id := range it.Except {
		if !b.isDeclared(id.Name) && !b.anySchemaless() {
			b.unknownColumn(id)
		}
		gone = append(gone, id.Name)
	}
	var replaced []Output
	for _, r := range it.Replace {
		gone = append(gone, r.Alias.Name)
		x := b.within(scope{clause: "SELECT", stage: stageOut}, r.X)
		replaced = append(replaced, Output{Name: r.Alias.Name, X: x, Null: b.nullMode(NullOmitted), star: true})
	}
	if it.Invisible {
		return nil
	}
	slices.Sort(gone)
	var list []Output
	for _, source := range b.starred(star) {
		list = append(list, b.expand(source, gone)...)
	}
	return append(list, replaced...)
}

// starred are the sources whose columns * brings.
func (b *builder) starred(star *syntax.Star) []int {
	var list []int
	for i, s := range b.sources {
		if star.Stream == "" || star.Stream == s.Name {
			list = append(list, i)
		}
	}
	return list
}

// anySchemaless tells whether a source takes any column.
func (b *builder) anySchemaless() bool {
	return slices.ContainsFunc(b.sources, func(s *Source) bool { return s.Stream.Schemaless })
}

// starsWhole tells whether what the stars of the list bring is one object:
// the columns of a schemaless source are not known, so that no other way tells
// which of two equal names comes later.
func (b *builder) starsWhole() bool {
	for i := range b.query.Items {
		star, ok := b.query.Items[i].X.(*syntax.Star)
		if ok && slices.ContainsFunc(b.starred(star), func(s int) bool { return b.sources[s].Stream.Schemaless }) {
			return true
		}
	}
	return false
}

// expand is * of one source without the columns that are gone.
func (b *builder) expand(source int, gone []string) []Output {
	if b.starsWhole() {
		x := b.whole(source)
		if len(gone) > 0 {
			x = &Without{x, gone}
		}
		return []Output{{Name: "*", X: x, Role: value.Whole, star: true}}
	}
	var list []Output
	for _, f := range b.sources[source].Stream.Fields {
		if !slices.Contains(gone, f.Name) {
			list = append(list, Output{Name: f.Name, X: b.readColumn(source, f.Name, value.Field, f.Kind), Null: NullKept, star: true})
		}
	}
	return list
}

// mergeStars makes one column of those of one name that stars brought: the
// later one wins in the rows that have it.
func mergeStars(items []Output) []Output {
	at := map[string]int{}
	kept := items[:0]
	for _, it := range items {
		i, seen := at[it.Name]
		switch {
		case it.star && seen:
			kept[i] = mergeStar(kept[i], it)
			continue
		case it.star:
			at[it.Name] = len(kept)
		}
		kept = append(kept, it)
	}
	return kept
}

func mergeStar(first, later Output) Output {
	switch {
	case later.Role == value.Whole:
		if list := appendOnce(partsOf(first.X), later.X); len(list) > 1 {
			later.X = &Union{list}
		}
	case later.Null == NullKept: // a column, no expression of REPLACE
		if list := appendOnce([]Expr{later.X}, partsOf(first.X)...); len(list) > 1 {
			later.X = &FirstPresent{later.Name, list}
		}
	}
	return later
}

// partsOf are the columns or objects that an earlier merge put together.
func partsOf(x Expr) []Expr {
	switch x := x.(type) {
	case *Union:
		return x.Args
	case *FirstPresent:
		return x.Args
	}
	return []Expr{x}
}

// appendOnce leaves out a column that the list has.
func appendOnce(list []Expr, more ...Expr) []Expr {
	for _, x := range more {
		c, ok := x.(*Column)
		if !ok || !slices.ContainsFunc(list, func(y Expr) bool { d, ok := y.(*Column); return ok && c.ID == d.ID }) {
			list = append(list, x)
		}
	}
	return list
}
