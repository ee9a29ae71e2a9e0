package function

import (
	"fmt"
	"strings"

	"sluice/sqlengine/value"
)

// BindError tells why a call is refused.
type BindError struct {
	Arg  int    // index of the argument; -1: the call as a whole
	Msg  string // lower case
	Hint string // optional, a full sentence
}

func (e *BindError) Error() string { return e.Msg }

// refusal explains why no overload takes the arguments.
func (s *Scalar) refusal(args []Arg) *BindError {
	bad, wanted, counted := -1, []string(nil), false
	for i := range s.Overloads {
		o := &s.Overloads[i]
		if !o.takes(len(args)) {
			continue
		}
		counted = true
		for j, a := range args {
			p := o.param(j)
			if p.cost(a) != refused {
				continue
			}
			if j > bad {
				bad, wanted = j, nil
			}
			if j == bad {
				wanted = append(wanted, p.String())
			}
			break
		}
	}
	if !counted {
		return &BindError{Arg: -1, Msg: fmt.Sprintf("%s takes %s, not %d", s.Name, s.counts(), len(args))}
	}
	return &BindError{
		Arg:  bad,
		Msg:  fmt.Sprintf("argument %d of %s must be %s, not %s", bad+1, s.Name, strings.Join(wanted, " or "), args[bad].Kind),
		Hint: kindHint(args[bad], wanted),
	}
}

func kindHint(a Arg, wanted []string) string {
	switch {
	case a.Literal && len(wanted) == 1 && wanted[0] == Text.String():
		return "Write it in quotes."
	case a.Kind == value.String && len(wanted) == 1 && wanted[0] == Number.String():
		return `Text is not converted: use cast(…, "float").`
	}
	return ""
}

// counts says how many arguments the function takes.
func (s *Scalar) counts() string {
	low, high, open := len(s.Overloads[0].Params), 0, false
	for _, o := range s.Overloads {
		low, high = min(low, len(o.Params)-o.Optional), max(high, len(o.Params))
		open = open || o.Variadic
	}
	return countText(low, high, open)
}

func countText(low, high int, open bool) string {
	switch {
	case open && low == 1:
		return "one argument or more"
	case open:
		return fmt.Sprintf("%d arguments or more", low)
	case high == 0:
		return "no argument"
	case low == 1 && high == 1:
		return "one argument"
	case low == high:
		return fmt.Sprintf("%d arguments", low)
	}
	return fmt.Sprintf("%d to %d arguments", low, high)
}
