package exec

import (
	"fmt"

	"sluice/sqlengine/value"
)

// SetParam changes a parameter of the rule for the rows that follow; what a
// window has folded in before stays. A number may replace a number, otherwise
// the value is of the kind that the query was compiled with, or NULL. A
// parameter that the query does not name is accepted and ignored: a rule may
// have parameters for its actions alone.
func (r *Run) SetParam(name string, v value.Value) error {
	for i, p := range r.plan.Params {
		if p.Name != name {
			continue
		}
		if was := p.Initial.Kind(); !replaces(was, v.Kind()) {
			return fmt.Errorf("parameter $%s: it is a %s, not a %s", name, was, v.Kind())
		}
		r.rt.frame.params[i] = v
	}
	return nil
}

func replaces(was, is value.Kind) bool {
	number := func(k value.Kind) bool { return k == value.Int || k == value.Float }
	return was == is || was == value.Null || is == value.Null || number(was) && number(is)
}
