package reconcile

import "time"

// task is a file that is due.
type task struct {
	*file
	content *content
	fresh   bool // its content is not in effect yet
}

// match brings what is known about files up to what there is.
func (r *Reconciler) match(sources []source, interval time.Duration) {
	now, there := time.Now(), map[string]bool{}
	for i := range sources {
		s := &sources[i]
		there[s.name] = true
		f := r.files[s.name]
		if f == nil {
			f = &file{name: s.name}
			r.files[s.name] = f
		}
		f.gone = time.Time{}
		switch {
		case s.err != nil: // what it brought stays
		case f.hash != s.hash:
			r.changed(f, s, now)
		case f.hash == f.applied && !f.known: // it can be read again
			f.known, f.problems, f.next = true, nil, time.Time{}
		case !f.settled && now.Sub(f.seen) >= settle:
			f.settled = true
		}
	}
	for name, f := range r.files {
		switch {
		case there[name]:
		case f.gone.IsZero():
			f.gone = now
		case len(there) > 0 && now.Sub(f.gone) >= interval:
			r.forget(f)
		}
	}
}

// changed takes a new content. One that is in effect is the one from before a
// change that was taken back.
func (r *Reconciler) changed(f *file, s *source, now time.Time) {
	f.change(s, now)
	if f.hash == f.applied {
		f.settled, f.known = true, true
	}
}

// due are the files to apply now.
func (r *Reconciler) due(sources []source, drift bool) (work []*task) {
	now := time.Now()
	for i := range sources {
		s := &sources[i]
		f := r.files[s.name]
		fresh := s.err != nil || f.hash != f.applied || len(f.problems) > 0
		if !fresh && (!drift || f.kind != Definitions) || s.err == nil && !f.settled || now.Before(f.next) {
			continue
		}
		t := &task{file: f, fresh: fresh}
		if err := t.read(s); err != nil {
			r.fail(t, problemsOf(err))
			continue
		}
		work = append(work, t)
	}
	return work
}

// read reads the content of a file.
func (t *task) read(s *source) (err error) {
	t.known = false
	if s.err != nil {
		return s.err
	}
	if t.content, err = parse(s.name, s.text); err != nil {
		return err
	}
	t.kind, t.brings, t.known = t.content.kind, t.content.brings(), true
	return nil
}
