package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

// Bind checks a call and tells the kind of its result. star tells that the
// call's argument, or its first, is * ; args are the others.
func (a *Aggregate) Bind(args []Arg, star bool) (value.Kind, error) {
	params := a.Params
	if star {
		switch {
		case a.Whole:
			params = params[1:]
		case a.Star:
			params = nil
		default:
			return value.Null, &BindError{Arg: -1, Msg: a.Name + " does not take *", Hint: "Name a column."}
		}
	}
	if n := len(args); n < len(params)-min(a.Optional, len(params)) || n > len(params) {
		total := n + len(a.Params) - len(params)
		return value.Null, &BindError{Arg: -1, Msg: fmt.Sprintf("%s takes %s, not %d",
			a.Name, countText(len(a.Params)-a.Optional, len(a.Params), false), total)}
	}
	kinds := make([]value.Kind, 0, len(a.Params))
	if star && a.Whole {
		kinds = append(kinds, value.Object)
	}
	for i, arg := range args {
		if params[i].cost(arg) == refused {
			return value.Null, &BindError{Arg: i, Msg: fmt.Sprintf("argument %d of %s must be %s, not %s",
				i+1, a.Name, params[i], arg.Kind), Hint: kindHint(arg, []string{params[i].String()})}
		}
		kinds = append(kinds, arg.Kind)
	}
	return a.Result(kinds), nil
}
