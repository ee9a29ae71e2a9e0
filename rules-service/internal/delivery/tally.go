package delivery

// tally counts what waits on disk for one action. It outlives the Target: its
// messages may be written when the rule has ended, or before it starts. It is
// guarded by worker.mu.
type tally struct {
	owner   *Target // whose figures count; a closed one when the action is not open
	waiting int     // on disk, or in the hand and once on disk
	skip    int     // of these, the oldest ones that are counted as dropped already
	seen    seen    // nil: its next messages are none of them
}

// tally finds the count of an action; mu is held.
func (w *worker) tally(a action) *tally {
	if c := w.tallies[a]; c != nil {
		return c
	}
	absent := &Target{worker: w, rule: a.rule, name: a.name, closed: true}
	c := &tally{owner: absent}
	absent.disk = c
	w.tallies[a] = c
	return c
}

// take makes t the owner. What became of the action's messages before it was
// open counts as well.
func (c *tally) take(t *Target) {
	if c.absent() {
		t.figures.recordsOut += c.owner.figures.recordsOut
		if was := c.owner.figures.dropped; was != nil {
			for why, n := range was {
				t.figures.drop(Reason(why), int(n))
			}
		}
	}
	if c.owner = t; !t.replays {
		c.seen = nil
	}
}

// absent tells that the action has not been open since there is the count.
func (c *tally) absent() bool { return c.owner.pool == nil }

// waits tells whether anything on disk is to be delivered.
func (w *worker) waits() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.tallies {
		if c.waiting > c.skip {
			return true
		}
	}
	return false
}

// lose counts one message of the action that is dropped from disk; mu is held.
func (c *tally) lose(why Reason) {
	if c.waiting--; c.skip > 0 {
		c.skip--
		return
	}
	c.owner.figures.drop(why, 1)
}

// bound drops the oldest messages of an action that has more on disk than it
// may: they are left out when their turn comes. mu is held.
func (c *tally) bound() {
	most := c.owner.diskLimit
	if most == 0 {
		return
	}
	if over := c.waiting - c.skip - most; over > 0 {
		c.skip += over
		c.owner.figures.drop(Overflow, over)
	}
}

// settleTallies counts as dropped what should be on disk when it is read to
// its end: damage has cost it. mu is held.
func (w *worker) settleTallies() {
	lost := 0
	for a, c := range w.tallies {
		lost += c.waiting - c.skip
		c.owner.figures.drop(Damaged, max(0, c.waiting-c.skip))
		c.waiting, c.skip = 0, 0
		if c.owner.closed && !c.absent() {
			delete(w.tallies, a)
		}
	}
	if lost > 0 {
		w.log.Error("messages on disk were damaged and are lost", "messages", lost)
	}
}
