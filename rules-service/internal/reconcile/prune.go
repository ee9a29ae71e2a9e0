package reconcile

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"sluice/rules-service/internal/rule"
)

// prune deletes what a file brought and no file brings any more, an interval
// after that was seen first. It waits while a file cannot be read, as that may
// bring it, and while there is no file at all: then the folder is more likely
// not mounted than meant.
func (r *Reconciler) prune(o *Options) {
	wanted, sure := r.wanted()
	if !sure {
		clear(r.unwanted)
		return
	}
	now := time.Now()
	var dropped []claim
	for _, c := range r.leftovers(wanted) {
		since, ok := r.unwanted[c]
		if !ok {
			since, r.unwanted[c] = now, now
		}
		if o.Prune && now.Sub(since) >= o.Interval && r.drop(c) {
			dropped = append(dropped, c)
		}
	}
	if err := r.disown(dropped); err != nil {
		r.Log.Error("what was deleted could not be forgotten", "error", err)
	}
}

// wanted is what the files bring; sure tells whether all of them are known.
func (r *Reconciler) wanted() (wanted map[claim]bool, sure bool) {
	wanted = map[claim]bool{}
	for _, f := range r.files {
		switch {
		case !f.gone.IsZero():
			continue
		case !f.known:
			return nil, false
		}
		sure = true
		for _, c := range f.brings {
			wanted[c] = true
		}
	}
	return wanted, sure
}

// leftovers are those to delete, rules before what they read.
func (r *Reconciler) leftovers(wanted map[claim]bool) (list []claim) {
	for c := range r.owned {
		if wanted[c] {
			delete(r.unwanted, c)
			delete(r.stuck, c)
			continue
		}
		list = append(list, c)
	}
	rank := []rule.Kind{rule.RuleKind, rule.StreamKind, rule.TableKind}
	slices.SortFunc(list, func(a, b claim) int {
		return cmp.Or(slices.Index(rank, a.kind)-slices.Index(rank, b.kind), cmp.Compare(a.name, b.name))
	})
	return list
}

// drop deletes a definition, and tells whether it is gone.
func (r *Reconciler) drop(c claim) bool {
	var err error
	if c.kind == rule.RuleKind {
		err = r.Rules.Delete(c.name)
	} else {
		_, err = r.Rules.DropStream(c.name, false)
	}
	var absent *rule.NotFound
	switch {
	case err == nil:
		r.Log.Info("a definition was deleted that no file brings any more", "kind", c.kind, "name", c.name, "file", r.owned[c])
		return true
	case errors.As(err, &absent):
		return true
	case r.stuck[c] != err.Error():
		r.stuck[c] = err.Error()
		r.Log.Warn("a definition that no file brings any more cannot be deleted", "kind", c.kind, "name", c.name, "error", err)
	}
	return false
}
