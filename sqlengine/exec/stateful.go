package exec

// HasState tells whether Snapshot holds more than a run has that has just been
// opened. A host with thousands of rules need not ask the others for theirs.
func (r *Run) HasState() bool {
	for _, op := range r.ops {
		switch op := op.(type) {
		case *extend:
			if len(op.memories) > 0 {
				return true
			}
		case *hitFilter, Stateful:
			return true
		}
	}
	return false
}
