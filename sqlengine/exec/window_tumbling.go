package exec

import "sluice/sqlengine/plan"

// newTumbling makes windows that follow each other without a gap.
func newTumbling(rt *runtime, c collector, spec *plan.Tumbling) *hopping {
	w := newHopping(rt, c, spec.Length, spec.Length)
	w.tumbling = true
	return w
}
