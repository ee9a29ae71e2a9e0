package plan

import (
	"slices"

	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Expr is a node of a typed expression. Kind is Null where the kind is not
// known before run time.
type Expr interface{ Kind() value.Kind }

// Const is a literal, or what constants were folded into.
type Const struct{ Value value.Value }

// Column reads a column of the plan.
type Column struct {
	ID   int // index into Plan.Columns
	Name string
	Type value.Kind
}

// Negate is a prefix minus.
type Negate struct{ X Expr }

// Not is a prefix NOT.
type Not struct{ X Expr }

// Arithmetic is one of + - * / % & | ^.
type Arithmetic struct {
	Op   syntax.Op
	L, R Expr
	Type value.Kind
}

// Compare is one of = != < <= > >=.
type Compare struct {
	Op   syntax.Op
	L, R Expr
}

// Logic is AND or OR.
type Logic struct {
	Op   syntax.Op
	L, R Expr
}

// IsNull is IS [NOT] NULL.
type IsNull struct {
	X   Expr
	Not bool
}

// In is [NOT] IN, over a list, or over an array in Set.
type In struct {
	X    Expr
	List []Expr
	Set  Expr
	Not  bool
}

// Between is [NOT] BETWEEN.
type Between struct {
	X, Low, High Expr
	Not          bool
}

// Like is [NOT] LIKE.
type Like struct {
	X, Pattern Expr
	Not        bool
}

// Case is both forms of CASE.
type Case struct {
	Operand Expr // or nil
	Whens   []When
	Else    Expr // or nil
	Type    value.Kind
}

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// Member takes a field out of an object.
type Member struct {
	X    Expr
	Name string
}

// Index is x[i].
type Index struct{ X, I Expr }

// Slice is x[low:high]; either bound may be nil.
type Slice struct{ X, Low, High Expr }

// Call is a function call whose overload was chosen.
type Call struct {
	Name  string
	Args  []Expr
	Bound function.Bound
	// Volatile: its result depends on more than its arguments, such as the
	// moment or the window.
	Volatile bool
}

// Without is the object X without some of its fields: * EXCEPT on a
// schemaless stream.
type Without struct {
	X     Expr
	Names []string
}

// Struct makes an object of columns: * as an argument over a declared stream.
type Struct struct {
	Names []string
	Args  []Expr
}

// FirstPresent is the first of its arguments that the row has, be it NULL: a
// column of the same name of several sources.
type FirstPresent struct {
	Name string
	Args []Expr
}

// Union is an object with the fields of its arguments, of which the later ones
// win: * over several sources.
type Union struct{ Args []Expr }

// Kind implements Expr.
func (e *Const) Kind() value.Kind { return e.Value.Kind() }

// Kind implements Expr. What a DATETIME column holds may still be the number
// or the text that came, so that its kind counts as not known.
func (e *Column) Kind() value.Kind {
	if e.Type == value.Time {
		return value.Null
	}
	return e.Type
}

// Kind implements Expr.
func (e *Negate) Kind() value.Kind { return e.X.Kind() }

// Kind implements Expr.
func (e *Not) Kind() value.Kind { return value.Bool }

// Kind implements Expr.
func (e *Arithmetic) Kind() value.Kind { return e.Type }

// Kind implements Expr.
func (e *Compare) Kind() value.Kind { return value.Bool }

// Kind implements Expr.
func (e *Logic) Kind() value.Kind { return value.Bool }

// Kind implements Expr.
func (e *IsNull) Kind() value.Kind { return value.Bool }

// Kind implements Expr.
func (e *In) Kind() value.Kind { return value.Bool }

// Kind implements Expr.
func (e *Between) Kind() value.Kind { return value.Bool }

// Kind implements Expr.
func (e *Like) Kind() value.Kind { return value.Bool }

// Kind implements Expr.
func (e *Case) Kind() value.Kind { return e.Type }

// Kind implements Expr.
func (e *Member) Kind() value.Kind { return value.Null }

// Kind implements Expr.
func (e *Index) Kind() value.Kind { return value.Null }

// Kind implements Expr.
func (e *Slice) Kind() value.Kind { return value.List }

// Kind implements Expr.
func (e *Call) Kind() value.Kind { return e.Bound.Result }

// Kind implements Expr.
func (e *Without) Kind() value.Kind { return value.Object }

// Kind implements Expr.
func (e *Struct) Kind() value.Kind { return value.Object }

// Kind implements Expr.
func (e *FirstPresent) Kind() value.Kind {
	kinds := make([]value.Kind, len(e.Args))
	for i, x := range e.Args {
		kinds[i] = x.Kind()
	}
	return common(kinds)
}

// Kind implements Expr.
func (e *Union) Kind() value.Kind { return value.Object }

// Children are the operands of a node, in the order of the text.
func Children(e Expr) []Expr {
	switch e := e.(type) {
	case *Negate:
		return []Expr{e.X}
	case *Not:
		return []Expr{e.X}
	case *Arithmetic:
		return []Expr{e.L, e.R}
	case *Compare:
		return []Expr{e.L, e.R}
	case *Logic:
		return []Expr{e.L, e.R}
	case *IsNull:
		return []Expr{e.X}
	case *In:
		return present(append([]Expr{e.X, e.Set}, e.List...)...)
	case *Between:
		return []Expr{e.X, e.Low, e.High}
	case *Like:
		return []Expr{e.X, e.Pattern}
	case *Case:
		list := []Expr{e.Operand}
		for _, w := range e.Whens {
			list = append(list, w.Cond, w.Then)
		}
		return present(append(list, e.Else)...)
	case *Member:
		return []Expr{e.X}
	case *Index:
		return []Expr{e.X, e.I}
	case *Slice:
		return present(e.X, e.Low, e.High)
	case *Call:
		return e.Args
	case *Without:
		return []Expr{e.X}
	case *Struct:
		return e.Args
	case *FirstPresent:
		return e.Args
	case *Union:
		return e.Args
	}
	return nil
}

func present(list ...Expr) []Expr {
	kept := list[:0]
	for _, e := range list {
		if e != nil {
			kept = append(kept, e)
		}
	}
	return kept
}

// Reads calls visit for every column that e reads.
func Reads(e Expr, visit func(*Column)) {
	if c, ok := e.(*Column); ok {
		visit(c)
	}
	for _, child := range Children(e) {
		Reads(child, visit)
	}
}

// readsWindow tells whether the value of an expression depends on when it is
// computed, such as that of window_start().
func readsWindow(e Expr) bool {
	if c, ok := e.(*Call); ok && c.Volatile {
		return true
	}
	return slices.ContainsFunc(Children(e), readsWindow)
}
