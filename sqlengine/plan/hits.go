package plan

import (
	"slices"
	"strings"

	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// isHit tells of the functions that count the rows which pass WHERE.
func isHit(name string) bool {
	name = strings.ToLower(name)
	return name == "last_hit_count" || name == "last_hit_time"
}

// isAggregateHit tells of those that count the results which pass HAVING. They
// count as aggregates.
func isAggregateHit(name string) bool {
	name = strings.ToLower(name)
	return name == "last_agg_hit_count" || name == "last_agg_hit_time"
}

// noteHit remembers that the query counts what its conditions let pass. It
// refuses results where there are only rows.
func (b *builder) noteHit(e *syntax.Call) bool {
	switch {
	case isHit(e.Name.Name):
		b.hits = true
	case isAggregateHit(e.Name.Name):
		if b.scope.stage < stageOut {
			b.misplacedAggregate(e.Span, e.Name.Name)
			return false
		}
		b.aggHits = true
	}
	return true
}

// readsHits tells whether the value of an expression changes when a row passes.
func readsHits(x Expr) bool {
	if c, ok := x.(*Call); ok && (isHit(c.Name) || isAggregateHit(c.Name)) {
		return true
	}
	return slices.ContainsFunc(Children(x), readsHits)
}

func readsAggregateHits(x Expr) bool {
	if c, ok := x.(*Call); ok && isAggregateHit(c.Name) {
		return true
	}
	return slices.ContainsFunc(Children(x), readsAggregateHits)
}

// countHits lets the conditions count for which the query asks: that of a
// sliding window where it reads the count itself, else WHERE, and HAVING. A
// clause that is not there lets everything pass.
func (b *builder) countHits(c *clauses, having *Having) *Having {
	s, ok := c.window.(*Sliding)
	triggers := ok && s.When != nil && readsHits(s.When)
	if triggers {
		s.Hits = true
	}
	if b.hits && c.where == nil && c.window == nil {
		c.where = &Filter{Cond: &Const{value.OfBool(true)}}
	}
	if b.hits && c.where != nil {
		c.where.Hits = !triggers || readsHits(c.where.Cond)
	}
	if b.aggHits && having == nil {
		having = &Having{Cond: &Const{value.OfBool(true)}}
	}
	if having != nil {
		having.Hits = b.aggHits
	}
	return having
}

// split is the step that lets rows come one by one, where computations in
// front of WHERE read what WHERE counts.
func (b *builder) split() Step {
	every, ok := b.extend(stageEvery).(*Extend)
	if !ok || !slices.ContainsFunc(every.exprs(), readsHits) {
		return nil
	}
	return &Split{}
}
