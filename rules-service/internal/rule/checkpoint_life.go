package rule

import (
	"time"

	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/store"
)

// WithIntake says where messages wait that a source has acknowledged and no
// checkpoint holds yet.
func WithIntake(i hub.IntakeOptions) Option { return func(o *options) { o.intake = i } }

// Intake are the figures of the intake journal.
func (m *Manager) Intake() hub.IntakeStats { return m.hub.Intake() }

// Checkpoints are the figures of the checkpoints.
func (m *Manager) Checkpoints() CheckpointStats { return m.checkpoints.look() }

// origin is what a run goes on from.
type origin struct {
	saved
	start    time.Time // of the rule's windows
	restored bool      // the state is one of a checkpoint
}

// originOf finds what a rule that starts goes on from. One that is started by
// the service's own start goes on from the last checkpoint; one that a user
// starts, from where it was stopped if its qos asks for that.
func (c *checkpoints) originOf(def *Definition, p *prepared) origin {
	o := origin{start: time.Now()}
	o.state = p.state
	c.mu.Lock()
	left, starting := c.unsaved[def.ID], c.resumes
	old := c.states[def.ID]
	outdated := c.outdated[def.ID]
	if starting && c.from.Clock > 0 {
		o.start = time.Unix(0, c.from.Clock)
	}
	c.mu.Unlock()
	switch {
	case p.state != nil || p.lost != nil || outdated: // it is a change of a rule
	case starting && old != nil:
		o.saved, o.restored = *old, true
	case def.Options.QoS == 0:
	case left != nil && left.left:
		o.saved, o.restored = left.saved, true
	case left == nil:
		if old := c.stored(def.ID); old != nil {
			o.saved, o.restored = *old, true
		}
	}
	return o
}

// stored reads where a rule was from the disk.
func (c *checkpoints) stored(id string) *saved {
	data, err := c.m.store.Document(stateDocuments, id)
	if err != nil || data == nil {
		return nil
	}
	s, err := decodeSaved(data)
	if err != nil {
		return nil // it was logged when the service started
	}
	return s
}

// mark is the number that the messages of an action go on from. Without one
// from a checkpoint it is new, so that no message is taken for one of an
// earlier life.
func (o *origin) mark(index, actions int) uint64 {
	if len(o.marks) == actions {
		return o.marks[index]
	}
	return uint64(time.Now().UnixNano())
}

// ends notes a run that is about to end: a cut finds it no more, but what it has
// yielded must be safe before a checkpoint is written.
func (c *checkpoints) ends(r *run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending[r] = struct{}{}
}

// lastWords are what ending runs have yielded.
func (c *checkpoints) lastWords() (list []*unsaved) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for r := range c.ending {
		list = append(list, &unsaved{run: r, saved: saved{marks: r.marks(nil)}})
	}
	return list
}

// ended notes a run that has ended. A rule that was stopped goes on from there;
// one that has failed begins anew, since it may have failed for its state.
func (c *checkpoints) ended(def *Definition, r *run, state State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ending, r)
	if r.attachment == nil || !r.attachment.Lasting() {
		return
	}
	if def.Options.QoS > 0 {
		d := def.Options.checkpointInterval()
		if c.intervals[d]--; c.intervals[d] <= 0 {
			delete(c.intervals, d)
		}
	}
	switch {
	case state != Failed && def.Options.QoS > 0 && r.left != nil:
		c.unsaved[def.ID] = r.left
		delete(c.outdated, def.ID)
	case state == Failed || def.Options.QoS == 0:
		delete(c.unsaved, def.ID)
		if _, ok := c.sums[def.ID]; ok {
			c.outdated[def.ID] = true
		}
	}
	if c.early.IsZero() {
		c.early = time.Now().Add(soon)
	}
	poke(c.wake)
}

// forget forgets where a rule was, which is deleted or begins anew. tx takes it
// out of the store.
func (c *checkpoints) forget(tx *store.Tx, id string) error {
	c.mu.Lock()
	if u := c.unsaved[id]; u != nil {
		u.run.forgotten.Store(true)
		delete(c.unsaved, id)
	}
	for i := range c.fresh {
		if c.fresh[i].id == id {
			c.fresh[i].run.forgotten.Store(true)
		}
	}
	delete(c.sums, id)
	c.mu.Unlock()
	return tx.DeleteDocument(stateDocuments, id)
}
