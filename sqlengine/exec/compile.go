package exec

import (
	"fmt"

	"sluice/sqlengine/plan"
	op "sluice/sqlengine/plan/operator"
	"sluice/sqlengine/value"
)

// compiler turns expressions into closures over rows of one layout. What it
// makes belongs to one run: calls use their scratch space again for every row.
type compiler struct{ layout layout }

func (c compiler) compile(e plan.Expr) Eval {
	switch e := e.(type) {
	case *plan.Const:
		v := e.Value
		return func(*Frame) value.Value { return v }
	case *plan.Column:
		return column(c.layout[e.ID])
	case *plan.Param:
		i := e.Index
		return func(f *Frame) value.Value { return f.params[i] }
	case *plan.Negate:
		return c.prefix(e, e.X, op.Negate)
	case *plan.Not:
		return c.prefix(e, e.X, op.Not)
	case *plan.Arithmetic:
		return c.arithmetic(e)
	case *plan.Compare:
		return c.compare(e)
	case *plan.Logic:
		return c.logic(e)
	case *plan.IsNull:
		x, want := c.compile(e.X), !e.Not
		return func(f *Frame) value.Value { return value.OfBool(x(f).IsNull() == want) }
	case *plan.In:
		return c.in(e)
	case *plan.Between:
		return c.between(e)
	case *plan.Like:
		return c.like(e)
	case *plan.Case:
		return c.caseExpr(e)
	case *plan.Member:
		x, name := c.compile(e.X), e.Name
		return func(f *Frame) value.Value { return op.Field(x(f), name) }
	case *plan.Index:
		return c.index(e)
	case *plan.Slice:
		return c.slice(e)
	case *plan.Call:
		return c.call(e)
	case *plan.Without:
		return c.without(e)
	case *plan.Struct:
		return c.object(e)
	case *plan.FirstPresent:
		return c.firstPresent(e)
	case *plan.Union:
		return c.union(e)
	}
	panic(fmt.Sprintf("exec: no evaluation of %T", e))
}

func (c compiler) list(exprs []plan.Expr) []Eval {
	list := make([]Eval, len(exprs))
	for i, e := range exprs {
		list[i] = c.compile(e)
	}
	return list
}

// failAt fails the row and says in which expression.
func (f *Frame) failAt(e plan.Expr, err error) value.Value {
	return f.Fail(fmt.Errorf("%s: %w", plan.Format(e), err))
}

func (c compiler) prefix(e, operand plan.Expr, apply func(value.Value) (value.Value, error)) Eval {
	x := c.compile(operand)
	return func(f *Frame) value.Value {
		v, err := apply(x(f))
		if err != nil {
			return f.failAt(e, err)
		}
		return v
	}
}

// column reads a slot. The first slots have one closure for all rules: with
// thousands of rules each other one is a cache miss.
func column(slot int) Eval {
	if slot >= 0 && slot < len(columns) {
		return columns[slot]
	}
	return readSlot(slot)
}

func readSlot(slot int) Eval {
	return func(f *Frame) value.Value { return f.Row.Cols[slot] }
}

var columns = sharedColumns()

func sharedColumns() (list [64]Eval) {
	for slot := range list {
		list[slot] = readSlot(slot)
	}
	return list
}
