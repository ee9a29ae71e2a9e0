package syntax

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// Pos is where a node stands in the text.
type Pos struct{ diag.Span }

// At returns the span of the node.
func (p Pos) At() diag.Span { return p.Span }

// Expr is a node of an expression.
type Expr interface{ At() diag.Span }

// Ident is a name.
type Ident struct {
	Pos
	Name string
}

// Literal is a number, a text or a truth value.
type Literal struct {
	Pos
	Value value.Value
}

// Param is $name: a value that the rule is given and that may change while it
// runs.
type Param struct {
	Pos
	Name string
}

// Null is NULL or NIL, which are column names where such a column exists.
type Null struct {
	Pos
	Word string
}

// Star is * or, with the name of a stream, s.*.
type Star struct {
	Pos
	Stream string
}

// Unary is a prefix operator: Neg or Not.
type Unary struct {
	Pos
	Op Op
	X  Expr
}

// Binary is an operator between two operands.
type Binary struct {
	Pos
	Op   Op
	L, R Expr
}

// IsNull is IS [NOT] NULL.
type IsNull struct {
	Pos
	X   Expr
	Not bool
}

// In is [NOT] IN, with a list, or with an array in Set.
type In struct {
	Pos
	X    Expr
	List []Expr
	Set  Expr
	Not  bool
}

// Between is [NOT] BETWEEN.
type Between struct {
	Pos
	X, Low, High Expr
	Not          bool
}

// Like is [NOT] LIKE.
type Like struct {
	Pos
	X, Pattern Expr
	Not        bool
}

// Case is CASE with an operand or without.
type Case struct {
	Pos
	Operand Expr // or nil
	Whens   []When
	Else    Expr // or nil
}

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// Field takes a field out of an object: x->name, or x.name, which may also be
// a column of the stream x.
type Field struct {
	Pos
	X     Expr
	Name  Ident
	Arrow bool
}

// Index is x[i].
type Index struct {
	Pos
	X, I Expr
}

// Slice is x[low:high]; either may be nil.
type Slice struct {
	Pos
	X, Low, High Expr
}

// Call is a function call.
type Call struct {
	Pos
	Name     Ident
	Distinct bool // the arguments are behind DISTINCT
	Args     []Expr
	Filter   Expr  // FILTER (WHERE …), or nil
	Over     *Over // or nil
}

// Over is OVER (…).
type Over struct {
	Pos
	Partition []Expr
	When      Expr
	Order     []Sort
}

// Sort is one key of ORDER BY.
type Sort struct {
	X    Expr
	Desc bool
}

// Unit is a bare time unit, the first argument of a window.
type Unit struct {
	Pos
	Name string // in capitals
}

// Item is one entry of the select list.
type Item struct {
	Pos
	X         Expr
	Alias     Ident         // no name: none
	Except    []Ident       // after a Star
	Replace   []Replacement // after a Star
	Invisible bool
}

// Replacement is one expression of REPLACE.
type Replacement struct {
	X     Expr
	Alias Ident
}

// Source is a stream or table with its alias.
type Source struct {
	Pos
	Name  Ident
	Alias Ident
}

// Join is one JOIN.
type Join struct {
	Pos
	Kind   string // INNER, LEFT, RIGHT, FULL or CROSS
	Source Source
	On     Expr // or nil
}

// Window is a window of GROUP BY.
type Window struct {
	Pos
	Name   Ident
	Args   []Expr
	Filter Expr
	Over   *Over
}

// Select is a query.
type Select struct {
	Pos
	Items   []Item
	From    Source
	Joins   []Join
	Where   Expr
	Windows []*Window // more than one is refused by the planner
	Group   []Expr
	Having  Expr
	Order   []Sort
	Limit   *Literal
}
