package delivery

import "time"

// resume takes up what a former worker has left.
func (w *worker) resume() {
	defer close(w.resumed)
	if !w.backlog.exists() {
		return
	}
	if err := w.tryBacklog(); err != nil {
		w.diskFailed(err)
		w.spillers.Go(w.resumeLater)
	}
}

func (w *worker) tryBacklog() error {
	w.hand.Lock()
	defer w.hand.Unlock()
	return w.openBacklog()
}

// resumeLater tries until it can be read what a former worker has left. A
// process before this one may hold it for a while.
func (w *worker) resumeLater() {
	ticker := time.NewTicker(diskPause)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-w.ctx.Done():
			return
		}
		if w.tryBacklog() == nil {
			w.mu.Lock()
			w.diskWorks()
			w.mu.Unlock()
			poke(w.wake)
			return
		}
	}
}

// resuming tells that it is not known yet what is on disk.
func (w *worker) resuming() bool {
	if w.folder == "" {
		return false
	}
	select {
	case <-w.resumed:
		return false
	default:
		return true
	}
}

// openBacklog opens the log and counts what is in it; the hand is held.
func (w *worker) openBacklog() error {
	if w.backlog.log != nil {
		return nil
	}
	counts := map[action]int{}
	end, err := w.backlog.open(func(m *stored) { counts[m.action]++ })
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end = end
	for a, s := range w.backlog.seen {
		if c := w.tally(a); c.absent() || c.owner.replays {
			c.seen = s
		}
	}
	w.backlog.seen = nil
	total := 0
	for a, n := range counts {
		w.tally(a).waiting += n
		total += n
	}
	if total > 0 {
		w.unsettled = true
		w.log.Info("messages wait on disk", "messages", total)
	}
	if n := w.backlog.log.Stats().Damaged; n > 0 {
		w.log.Error("the queue on disk is damaged; the rest of it is delivered", "places", n)
	}
	return nil
}
