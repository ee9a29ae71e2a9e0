package hub

import (
	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

// outlet notes that a rule has yielded something: a cut looks at those alone,
// and at those that have a state.
type outlet struct {
	exec.Operator
	rule *Attachment
}

// Push hands the results on.
func (o *outlet) Push(b *value.Batch) error {
	if a := o.rule; a.touched != a.shard.round && a.Lasting() {
		a.tell()
		a.touched = a.shard.round
		a.shard.touched = append(a.shard.touched, a)
	}
	return o.Operator.Push(b)
}

// Lasting tells whether checkpoints hold the rule: it wants to, or shares a
// source with one that does, and is given again what comes from the journal.
func (a *Attachment) Lasting() bool {
	if a.durable {
		return true
	}
	for i := range a.reads {
		if a.reads[i].stream.source.journals() {
			return true
		}
	}
	return false
}
