package exec

import "sluice/sqlengine/value"

// Snapshot implements Stateful: analytic functions remember rows.
func (e *extend) Snapshot(enc *value.Encoder) {
	for _, r := range e.memories {
		r.snapshot(enc)
	}
}

// Restore implements Stateful.
func (e *extend) Restore(d *value.Decoder) {
	for _, r := range e.memories {
		r.restore(d)
	}
}
