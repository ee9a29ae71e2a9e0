package rule

import (
	"context"
	"errors"
	"sync"

	"sluice/rules-service/internal/store"
)

// carryOut does what was proposed: on disk last of all, so that a process that
// is killed meanwhile comes back with what was before. What fails is undone.
func (p *proposal) carryOut() error {
	defer p.m.hub.Keep(p.inputs())()
	touched := p.touched()
	p.end(touched)
	p.putStreams(func(s *streamChange) entry { return s.now })
	err := p.begin(touched)
	if err == nil {
		err = p.m.store.Update(p.save)
	}
	if err != nil {
		return errors.Join(err, p.undo(touched))
	}
	for _, r := range touched {
		p.m.warn(r.id, r.warnings)
		if r.def == nil {
			p.m.forget(r.rule)
		}
	}
	return nil
}

// end ends the rules that run, all at once: each may have to wait for its sinks.
func (p *proposal) end(list []*ruleChange) {
	var ending sync.WaitGroup
	for _, r := range list {
		if r.rule == nil {
			continue
		}
		ending.Go(func() {
			r.state = p.m.suspend(r.rule)
			if r.prepared != nil {
				r.prepared.state = r.state
			}
		})
	}
	ending.Wait()
}

// begin puts the new definitions in place and starts what is wanted to run.
func (p *proposal) begin(list []*ruleChange) error {
	for _, r := range list {
		if r.def == nil {
			p.m.remove(r.rule)
			continue
		}
		if r.rule == nil {
			r.rule = newRule(r.def, r.text, r.def.Triggered)
			p.m.claim(r.rule)
		} else if r.def != r.was.def {
			r.rule.define(r.def, r.text)
			r.rule.show(func(s *shown) { s.triggered = r.def.Triggered })
		}
		if s := r.rule.look(); !s.triggered {
			continue
		}
		r.rule.retries = 0
		if err := p.m.launch(r.rule, r.prepared); err != nil {
			return &Rejected{findingsOf(RuleKind, r.id, err)}
		}
		r.warnings = append(r.warnings, r.prepared.lost...)
		r.prepared = nil // thousands of plans need not be kept twice
	}
	return nil
}

func (p *proposal) putStreams(which func(*streamChange) entry) {
	for _, s := range p.streams {
		if e := which(s); e.def != nil {
			p.m.catalog.put(e.def, e.sql)
		} else {
			p.m.catalog.delete(s.name)
		}
	}
}

// save stores all changes at once.
func (p *proposal) save(tx *store.Tx) error {
	var errs []error
	for _, s := range p.streams {
		switch {
		case s.now.def == nil:
			errs = append(errs, tx.DeleteStream(s.name))
		case s.deed != Unchanged:
			errs = append(errs, s.now.save(tx))
		}
	}
	for _, r := range p.rules {
		switch {
		case r.def == nil:
			errs = append(errs, tx.DeleteRule(r.id), p.m.checkpoints.forget(tx, r.id), p.m.params.forget(tx, r.id))
		case r.deed != Unchanged:
			s := r.rule.look()
			errs = append(errs, s.save(tx))
		}
	}
	return errors.Join(errs...)
}

// undo puts everything back and starts again what has run.
func (p *proposal) undo(list []*ruleChange) error {
	var errs []error
	for _, r := range list {
		if r.rule == nil {
			continue
		}
		p.m.end(context.Background(), r.rule, Stopped, "")
		if r.was.def == nil {
			p.m.remove(r.rule)
		}
	}
	p.putStreams(func(s *streamChange) entry { return s.old })
	for _, r := range list {
		if r.was.def == nil {
			continue
		}
		p.m.claim(r.rule) // it may have been deleted
		r.rule.deleted = false
		errs = append(errs, p.m.restore(r.rule, r.was, r.state))
	}
	return errors.Join(errs...)
}
