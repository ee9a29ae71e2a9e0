package delivery

import (
	"errors"
	"slices"
	"time"

	"sluice/rules-service/internal/journal"
)

// While a target takes nothing, or less than its rules yield, what they queue
// goes to disk: a second goroutine of the worker, the spiller, moves it there,
// and the worker writes from there. The worker itself goes back to the queues
// when it has read the disk to its end.

const (
	spillMessages = 1024    // that are written to disk at once, at most
	spillBytes    = 1 << 20 // after which no more are added
	diskPause     = 30 * time.Second
	expireEvery   = time.Minute
)

var errTooLarge = errors.New("the message is too large for the queue on disk")

// spill begins to move to disk what waits, and tells whether that is possible.
// mu is held.
func (w *worker) spill() bool {
	if w.folder == "" || w.ctx.Err() != nil || time.Now().Before(w.diskAgain) {
		return false
	}
	if !w.spilling {
		w.spilling, w.progress = true, time.Now()
		for _, t := range w.targets {
			t.lagging = false
		}
	}
	if !w.spiller {
		w.spiller = true
		w.spillers.Go(w.runSpiller)
	}
	poke(w.spillWake)
	return true
}

// unspill lets the spiller end behind what it holds, and gives back the memory
// of the queues that have been full; mu is held.
func (w *worker) unspill() {
	w.spilling = false
	for _, t := range w.targets {
		if t.waiting() == 0 {
			t.queue, t.head = nil, 0
		}
	}
	poke(w.spillWake)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (w *worker) runSpiller() {
	<-w.resumed
	for {
		group, err := w.gather()
		if err == nil && len(group) > 0 {
			err = w.store(group)
		}
		if err != nil {
			w.diskFailed(err)
		}
		poke(w.wake)
		if len(group) > 0 || err != nil {
			continue
		}
		if w.spillerEnds() {
			return
		}
		select {
		case <-w.spillWake:
		case <-w.ctx.Done():
		}
	}
}

// spillerEnds tells the spiller that it is not needed any more.
func (w *worker) spillerEnds() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spilling && w.ctx.Err() == nil {
		return false
	}
	w.spiller = false
	return true
}

// gather takes what waits, behind what the worker has in its hand, which is
// stored first.
func (w *worker) gather() (group []item, err error) {
	w.hand.Lock()
	defer w.hand.Unlock()
	if !w.wantsDisk() {
		return nil, nil
	}
	if err := w.openBacklog(); err != nil {
		return nil, err
	}
	if err := w.expire(); err != nil {
		return nil, err
	}
	if err := w.storeHand(); err != nil {
		return nil, err
	}
	defer w.releaseDoubles()
	w.mu.Lock()
	defer w.mu.Unlock()
	left := room{spillMessages, int(min(spillBytes, w.storage.MaxBytes/8))}
	for len(w.ready) > 0 && left.some() {
		group = w.takeFrom(w.ready[0], group, &left)
	}
	w.held = len(group)
	w.progress = time.Now()
	return group, nil
}

// wantsDisk tells whether there is something to be stored.
func (w *worker) wantsDisk() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.spilling && (len(w.ready) > 0 || len(w.hand.items) > 0)
}

// storeHand writes copies of what the worker has in its hand, if they are not
// on disk; the hand is held.
func (w *worker) storeHand() error {
	var list []item
	for i := range w.hand.items {
		it := &w.hand.items[i]
		if it.place == inMemory && w.tooLarge(it) {
			w.mu.Lock()
			w.moved(it, barred)
			w.mu.Unlock()
		}
		if it.place == inMemory {
			list = append(list, *it)
		}
	}
	if len(list) == 0 {
		return nil
	}
	first, err := w.appendOrMakeRoom(list)
	if errors.Is(err, journal.ErrFull) {
		w.barHand()
		return nil
	}
	if err != nil {
		return err
	}
	end := first + journal.Offset(len(list))
	w.backlog.handed(first, end)
	w.mu.Lock()
	for i := range w.hand.items {
		if it := &w.hand.items[i]; it.place == inMemory {
			it.offset = first
			first++
			w.moved(it, onDisk)
			it.ack = nil // list has it
		}
	}
	w.reached(end)
	w.mu.Unlock()
	release(list, nil)
	return nil
}

// barHand keeps what is in the hand from being put on disk; the hand is held.
func (w *worker) barHand() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.hand.items {
		if it := &w.hand.items[i]; it.place == inMemory {
			w.moved(it, barred)
		}
	}
}

// moved notes where a message is that the disk takes, or refuses; mu is held.
func (w *worker) moved(it *item, to place) {
	t := it.target
	it.place = to
	t.disk = w.tally(t.action())
	t.disk.waiting++
	t.lagging = false
	if to == barred {
		t.barred++
	} else {
		t.settled(it.number)
	}
	if t.inFlight--; t.inFlight == 0 {
		t.release()
	}
}

// reached notes how far the log goes; mu is held.
func (w *worker) reached(end journal.Offset) {
	w.end = max(w.end, end)
	w.unsettled = true
	w.progress = time.Now()
	w.diskWorks()
}

// diskWorks notes that the disk can be used; mu is held.
func (w *worker) diskWorks() {
	if w.diskFails {
		w.diskFails = false
		w.log.Info("the queue on disk works again")
	}
}

func (w *worker) tooLarge(it *item) bool {
	return int64(it.size()) > min(w.storage.MaxBytes/8, journal.MaxPayload/2)
}

// appendOrMakeRoom drops the oldest messages for new ones; the hand is held.
func (w *worker) appendOrMakeRoom(list []item) (journal.Offset, error) {
	for {
		first, err := w.backlog.append(list)
		if !errors.Is(err, journal.ErrFull) {
			return first, err
		}
		if more, e := w.evict(time.Time{}); e != nil || !more {
			return 0, errors.Join(err, e)
		}
	}
}

// store writes a group of messages to disk. With an error the rest of the
// group is in the queues again.
func (w *worker) store(group []item) error {
	coming := map[*tally]int{}
	group = w.refuseNewest(group, func(it *item) bool {
		if w.tooLarge(it) || it.target.overBound(coming[it.target.disk]) {
			return true
		}
		coming[it.target.disk]++
		return false
	})
	n, err := w.storeAll(group)
	if err != nil {
		w.putBack(group[n:])
	}
	w.mu.Lock()
	w.held = 0
	w.mu.Unlock()
	return err
}

// storeAll stores messages or, when the disk is full, drops them or older ones.
// It returns how many of them are done with.
func (w *worker) storeAll(group []item) (int, error) {
	if len(group) == 0 {
		return 0, nil
	}
	first, err := w.backlog.append(group)
	if errors.Is(err, journal.ErrFull) {
		if slices.ContainsFunc(group, func(it item) bool { return it.target.dropNewest }) {
			return w.storeSome(group)
		}
		w.hand.Lock()
		first, err = w.appendOrMakeRoom(group)
		w.hand.Unlock()
	}
	if err != nil {
		return 0, err
	}
	w.mu.Lock()
	for i := range group {
		w.moved(&group[i], onDisk)
		group[i].target.disk.bound()
	}
	w.reached(first + journal.Offset(len(group)))
	w.mu.Unlock()
	release(group, nil)
	return len(group), nil
}

// storeSome finds out which messages of a group the disk has room for.
func (w *worker) storeSome(group []item) (int, error) {
	half := len(group) / 2
	if half == 0 {
		w.refuseNewest(group, func(*item) bool { return true })
		return 1, nil
	}
	n, err := w.storeAll(group[:half])
	if err != nil {
		return n, err
	}
	n, err = w.storeAll(group[half:])
	return half + n, err
}

// refuseNewest drops the messages of a group that may not go to disk.
func (w *worker) refuseNewest(group []item, refused func(*item) bool) (kept []item) {
	var out []item
	w.mu.Lock()
	for i := range group {
		it := &group[i]
		if !refused(it) {
			kept = append(kept, *it)
			continue
		}
		if w.tooLarge(it) {
			it.target.exception(errTooLarge)
			it.target.complain(errTooLarge)
		}
		it.target.figures.drop(Overflow, 1)
		w.leave(it)
		out = append(out, *it)
	}
	w.mu.Unlock()
	release(out, nil)
	return kept
}

// overBound tells whether a new message of an action is refused for the number
// of those on disk and on the way there; worker.mu is held.
func (t *Target) overBound(coming int) bool {
	return t.dropNewest && t.diskLimit > 0 && t.disk.waiting-t.disk.skip+coming >= t.diskLimit
}

// diskFailed goes on in memory, and tries the disk again later.
func (w *worker) diskFailed(err error) {
	w.mu.Lock()
	w.spilling, w.held = false, 0
	w.diskAgain = time.Now().Add(diskPause)
	first := !w.diskFails
	w.diskFails = true
	for _, t := range w.targets {
		if t.closed && t.idle != nil {
			close(t.idle)
			t.idle = nil
		}
	}
	w.mu.Unlock()
	poke(w.wake)
	if first {
		w.log.Error("the queue on disk cannot be used; messages wait in memory", "folder", w.folder, "error", err)
	}
}

// putBack queues a group again, in front of what came meanwhile. What belongs
// to targets that are gone is dropped.
func (w *worker) putBack(group []item) {
	w.mu.Lock()
	now := time.Now()
	back := map[*Target][]waiter{}
	var lost []item
	for i := range group {
		t := group[i].target
		t.inFlight--
		if !slices.Contains(w.targets, t) {
			t.figures.drop(Ended, 1)
			t.giveUp(group[i].number)
			t.settled(group[i].number)
			lost = append(lost, group[i])
			continue
		}
		back[t] = append(back[t], waiter{group[i].message, now})
	}
	for t, list := range back {
		t.queue, t.head = append(list, t.queue[t.head:]...), 0
		w.list(t)
	}
	w.mu.Unlock()
	release(lost, errClosed)
}
