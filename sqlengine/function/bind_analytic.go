package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

// BoundAnalytic is a call place of an Analytic.
type BoundAnalytic struct {
	Result value.Kind    // Null: known only at run time
	New    func() Memory // makes the memory of a partition
	name   string
	params []Param // of the arguments
}

// Bind checks a call.
func (a *Analytic) Bind(args []Arg) (*BoundAnalytic, error) {
	o := Overload{Params: a.Params, Optional: a.Optional, Variadic: a.Variadic}
	if n := len(args); !o.takes(n) {
		return nil, &BindError{Arg: -1, Msg: fmt.Sprintf("%s takes %s, not %d",
			a.Name, countText(len(a.Params)-a.Optional, len(a.Params), a.Variadic), n)}
	}
	b := &BoundAnalytic{name: a.Name, Result: a.Result(args)}
	for i, arg := range args {
		p := o.param(i)
		if err := a.checkArg(p, i, arg); err != nil {
			return nil, err
		}
		b.params = append(b.params, p)
	}
	for _, i := range a.Literals {
		if i < len(args) && !args[i].Literal {
			return nil, &BindError{Arg: i, Msg: fmt.Sprintf("argument %d of %s must be a literal", i+1, a.Name)}
		}
	}
	var err error
	b.New, err = a.Prepare(args)
	return b, err
}

func (a *Analytic) checkArg(p Param, i int, arg Arg) error {
	if arg.Star && !(a.Star && p == Any) {
		return &BindError{Arg: i, Msg: fmt.Sprintf("argument %d of %s cannot be *", i+1, a.Name), Hint: "Name a column."}
	}
	if p.cost(arg) == refused {
		return &BindError{Arg: i, Msg: fmt.Sprintf("argument %d of %s must be %s, not %s", i+1, a.Name, p, arg.Kind),
			Hint: kindHint(arg, []string{p.String()})}
	}
	if !arg.Literal || arg.Value.IsNull() {
		return nil
	}
	if _, err := p.convert(&Context{}, arg.Value); err != nil {
		return &BindError{Arg: i, Msg: fmt.Sprintf("argument %d of %s %v", i+1, a.Name, err)}
	}
	return nil
}

// Convert checks the arguments of a row and converts them in place.
func (b *BoundAnalytic) Convert(c *Context, args []value.Value) error {
	for i, p := range b.params {
		if p == Any || args[i].IsNull() {
			continue
		}
		v, err := p.convert(c, args[i])
		if err != nil {
			return fmt.Errorf("argument %d of %s %w", i+1, b.name, err)
		}
		args[i] = v
	}
	return nil
}
