package plan

import (
	"math"
	"strings"

	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Conjunct is a condition column op constant that stands first in a query, or
// behind others of its kind. A row for which it is false without an error has
// no effect whatever: it need not be pushed.
type Conjunct struct {
	Column value.Column
	ID     int           // of the column: index into Plan.Columns
	Op     syntax.Op     // = < <= > >=
	Values []value.Value // with = any of them is meant; the others have one. All are numbers, texts or BOOLEANs
}

// Conjuncts are the leading conjuncts of the query: those that a row meets
// before anything else may look at it. BETWEEN is two of them. They are all
// when they make up the first step of the plan: rows for which they are true
// may pass it unseen.
func (p *Plan) Conjuncts() (list []Conjunct, all bool) {
	if len(p.Sources) != 1 || p.EventTime {
		return nil, false
	}
	f, ok := p.Steps[0].(*Filter)
	if !ok {
		return nil, false
	}
	list, all = p.leading(nil, f.Cond)
	return list, all && !f.Hits
}

// leading appends the conjuncts that x begins with, and tells whether x
// consists of nothing else.
func (p *Plan) leading(list []Conjunct, x Expr) ([]Conjunct, bool) {
	switch x := x.(type) {
	case *Logic:
		if x.Op != syntax.And {
			return list, false
		}
		list, all := p.leading(list, x.L)
		if !all {
			return list, false
		}
		return p.leading(list, x.R)
	case *Compare:
		return p.compares(list, x)
	case *In:
		if x.Not || x.Set != nil {
			return list, false
		}
		return p.conjunct(list, x.X, syntax.Equal, x.List...)
	case *Between:
		return p.between(list, x)
	}
	return list, false
}

func (p *Plan) compares(list []Conjunct, x *Compare) ([]Conjunct, bool) {
	if x.Op == syntax.NotEqual {
		return list, false
	}
	if _, ok := x.L.(*Const); ok {
		return p.conjunct(list, x.R, x.Op.Mirror(), x.L)
	}
	return p.conjunct(list, x.L, x.Op, x.R)
}

// between is two comparisons; bounds of different kinds are not, as the second
// is compared even where the first has decided.
func (p *Plan) between(list []Conjunct, x *Between) ([]Conjunct, bool) {
	n := len(list)
	list, low := p.conjunct(list, x.X, syntax.GreaterEqual, x.Low)
	list, high := p.conjunct(list, x.X, syntax.LessEqual, x.High)
	if x.Not || !low || !high || !sameClass(list[n].Values[0], list[n+1].Values[0]) {
		return list[:n], false
	}
	return list, true
}

// conjunct appends column op constants; false where that is none, or would
// fail on every row.
func (p *Plan) conjunct(list []Conjunct, x Expr, op syntax.Op, constants ...Expr) ([]Conjunct, bool) {
	c, ok := x.(*Column)
	if !ok || p.Columns[c.ID].Source == Computed {
		return list, false
	}
	var values []value.Value
	for _, e := range constants {
		k, ok := e.(*Const)
		if !ok {
			return list, false
		}
		if k.Value.IsNull() {
			continue // is equal to nothing
		}
		if !orders(k.Value, op) || values != nil && !sameClass(k.Value, values[0]) {
			return list, false
		}
		values = append(values, k.Value)
	}
	if values == nil {
		return list, false
	}
	info := p.Columns[c.ID]
	column := value.Column{Name: info.Name, Kind: info.Kind, Role: info.Role}
	return append(list, Conjunct{Column: column, ID: c.ID, Op: op, Values: values}), true
}

// orders tells whether an operator works on a constant and values like it.
func orders(v value.Value, op syntax.Op) bool {
	switch v.Kind() {
	case value.Int, value.String:
		return true
	case value.Float:
		return !math.IsNaN(v.Float())
	case value.Bool:
		return op == syntax.Equal
	}
	return false
}

// sameClass tells of two values that are compared with the same ones.
func sameClass(a, b value.Value) bool {
	_, x := a.Number()
	_, y := b.Number()
	return a.Kind() == b.Kind() || x && y
}

// String is the conjunct as a query has it.
func (c Conjunct) String() string {
	name := c.Column.Name
	if c.Column.Role == value.Meta {
		name = "meta(" + name + ")"
	}
	texts := make([]string, len(c.Values))
	for i, v := range c.Values {
		texts[i] = formatValue(v)
	}
	if len(texts) == 1 {
		return name + " " + c.Op.String() + " " + texts[0]
	}
	return name + " IN (" + strings.Join(texts, ", ") + ")"
}

// describeConjuncts is the line of Explain about them; empty: there are none.
func (p *Plan) describeConjuncts() string {
	var parts []string
	list, _ := p.Conjuncts()
	for _, c := range list {
		parts = append(parts, c.String())
	}
	return strings.Join(parts, ", ")
}
