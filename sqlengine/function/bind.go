package function

import (
	"errors"
	"fmt"

	"sluice/sqlengine/value"
)

// Arg is what is known of an argument before any row comes. Kind Null without
// Literal means that the kind is not known; with it, the literal NULL.
type Arg struct {
	Kind    value.Kind
	Literal bool
	Value   value.Value // of a literal
	Star    bool        // * : the row as a STRUCT
	Name    string      // of a column or a call, for functions that name their results
}

// Bound is a call whose overload was chosen.
type Bound struct {
	Result value.Kind // Null: known only at run time
	// Call checks and converts the arguments in place, applies the NULL rule,
	// and runs the function. It may be used by several goroutines, each with
	// arguments of its own, and does not keep them.
	Call Call
}

// Bind chooses the overload for arguments of these kinds. Where kinds are not
// known and several overloads remain, the call chooses for each row.
func (s *Scalar) Bind(args []Arg) (Bound, error) {
	var best []*Overload
	lowest := refused
	for i := range s.Overloads {
		o := &s.Overloads[i]
		cost := o.cost(args)
		switch {
		case cost == refused:
		case cost < lowest && !anyUnknown(args):
			best, lowest = []*Overload{o}, cost
		case cost < lowest || anyUnknown(args):
			best = append(best, o)
		}
	}
	if len(best) == 0 {
		return Bound{}, s.refusal(args)
	}
	bounds := make([]Bound, len(best))
	for i, o := range best {
		var err error
		if bounds[i], err = s.bind(o, args); err != nil {
			return Bound{}, err
		}
	}
	if len(bounds) == 1 {
		return bounds[0], nil
	}
	return s.dispatch(best, bounds), nil
}

func anyUnknown(args []Arg) bool {
	for _, a := range args {
		if a.Kind == value.Null && !a.Literal {
			return true
		}
	}
	return false
}

// refused is the cost of an overload that does not fit.
const refused = 1 << 20

// cost sums how far the arguments are from the parameters.
func (o *Overload) cost(args []Arg) int {
	if !o.takes(len(args)) {
		return refused
	}
	total := 0
	for i, a := range args {
		c := o.param(i).cost(a)
		if c == refused {
			return refused
		}
		total += c
	}
	return total
}

// takes tells whether n arguments are neither too few nor too many.
func (o *Overload) takes(n int) bool {
	return n >= len(o.Params)-o.Optional && (n <= len(o.Params) || o.Variadic)
}

// param is the parameter of the i-th argument.
func (o *Overload) param(i int) Param { return o.Params[min(i, len(o.Params)-1)] }

func (s *Scalar) bind(o *Overload, args []Arg) (Bound, error) {
	for _, i := range o.Literals {
		if i < len(args) && !args[i].Literal {
			return Bound{}, &BindError{Arg: i, Msg: fmt.Sprintf("argument %d of %s must be a literal", i+1, s.Name)}
		}
	}
	params := make([]Param, len(args))
	for i, a := range args {
		params[i] = o.param(i)
		if err := s.checkLiteral(params[i], i, a); err != nil {
			return Bound{}, err
		}
	}
	b := Bound{Result: o.Result, Call: o.Call}
	if o.Prepare != nil {
		p, err := o.Prepare(args)
		if err != nil {
			return Bound{}, s.prepareError(err)
		}
		if p.Result != value.Null {
			b.Result = p.Result
		}
		if p.Call != nil {
			b.Call = p.Call
		}
	}
	b.Call = s.guard(o.Null, params, b.Call)
	return b, nil
}

// checkLiteral converts a literal once, so that a text that is no time or a
// number with a fraction is found before a row comes.
func (s *Scalar) checkLiteral(p Param, i int, a Arg) error {
	if !a.Literal || a.Value.IsNull() {
		return nil
	}
	if _, err := p.convert(&Context{}, a.Value); err != nil {
		return &BindError{Arg: i, Msg: fmt.Sprintf("argument %d of %s %v", i+1, s.Name, err)}
	}
	return nil
}

func (s *Scalar) prepareError(err error) error {
	var b *BindError
	if errors.As(err, &b) {
		return err
	}
	return &BindError{Arg: -1, Msg: s.Name + ": " + err.Error()}
}

// guard puts the NULL rule and the conversions in front of a call.
func (s *Scalar) guard(rule NullRule, params []Param, call Call) Call {
	return func(c *Context, args []value.Value) (value.Value, error) {
		if rule != NullHandled {
			for _, v := range args {
				if isNothing(v) {
					return rule.result(), nil
				}
			}
		}
		for i, p := range params {
			if args[i].IsNull() {
				continue
			}
			v, err := p.convert(c, args[i])
			if err != nil {
				return value.Value{}, fmt.Errorf("argument %d of %s %w", i+1, s.Name, err)
			}
			args[i] = v
		}
		v, err := call(c, args)
		if err != nil {
			return value.Value{}, fmt.Errorf("%s: %w", s.Name, err)
		}
		return v, nil
	}
}

// isNothing is true of NULL and of what the dialect takes for it.
func isNothing(v value.Value) bool {
	switch v.Kind() {
	case value.Null:
		return true
	case value.List:
		return len(v.List()) == 0
	case value.Object:
		return v.Object().Len() == 0
	}
	return false
}

func (r NullRule) result() value.Value {
	switch r {
	case NullIsZero:
		return value.OfInt(0)
	case NullIsFalse:
		return value.OfBool(false)
	}
	return value.Value{}
}

// dispatch makes a call that chooses among overloads by the kinds of the row.
func (s *Scalar) dispatch(overloads []*Overload, bounds []Bound) Bound {
	result := bounds[0].Result
	for _, b := range bounds[1:] {
		if b.Result != result {
			result = value.Null
		}
	}
	return Bound{Result: result, Call: func(c *Context, args []value.Value) (value.Value, error) {
		best, lowest := -1, refused
		for i, o := range overloads {
			if cost := o.rowCost(args); cost < lowest {
				best, lowest = i, cost
			}
		}
		if best < 0 {
			return value.Value{}, s.refusal(kindsOf(args))
		}
		return bounds[best].Call(c, args)
	}}
}

// rowCost is cost for the values of a row; the number of them was checked.
func (o *Overload) rowCost(args []value.Value) int {
	total := 0
	for i, v := range args {
		if o.Null != NullHandled && isNothing(v) {
			continue
		}
		c := o.param(i).distance(v.Kind())
		if c == refused {
			return refused
		}
		total += c
	}
	return total
}

func kindsOf(args []value.Value) []Arg {
	kinds := make([]Arg, len(args))
	for i, v := range args {
		kinds[i] = Arg{Kind: v.Kind()}
	}
	return kinds
}
