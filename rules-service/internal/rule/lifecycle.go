package rule

import (
	"context"
	"errors"
	"time"

	"sluice/rules-service/internal/hub"
)

// Delete stops a rule and forgets it, with what waits on disk for its sinks.
func (m *Manager) Delete(id string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		was := r.look()
		m.end(context.Background(), r, Stopped, "")
		if err := m.discard(r); err != nil {
			return errors.Join(err, m.restore(r, was, nil))
		}
		m.remove(r)
		m.forget(r)
		return nil
	})
}

// forget gives up the parameters of a rule that is deleted, and keeps from being
// delivered what waits on disk for it.
func (m *Manager) forget(r *rule) {
	m.params.remove(r.id)
	if err := m.pool.Forget(r.id); err != nil {
		m.log.Error("messages of a deleted rule may still be delivered", "rule", r.id, "error", err)
	}
}

// StartRule wants a rule to run and starts it; one that runs stays as it is.
func (m *Manager) StartRule(id string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		if err := m.want(r, true); err != nil {
			return err
		}
		r.retries = 0
		return m.begin(r)
	})
}

// StopRule wants a rule not to run and stops it.
func (m *Manager) StopRule(id string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		if err := m.want(r, false); err != nil {
			return err
		}
		m.end(context.Background(), r, Stopped, canceled)
		return nil
	})
}

// RestartRule stops a rule, if it runs, and starts it.
func (m *Manager) RestartRule(id string) error {
	r, err := m.find(id)
	if err != nil {
		return err
	}
	return m.changing(r, func() error {
		defer m.hub.Keep(m.reads(r))()
		m.end(context.Background(), r, Stopped, canceled)
		if err := m.want(r, true); err != nil {
			return err
		}
		r.retries = 0
		return m.begin(r)
	})
}

func (m *Manager) want(r *rule, run bool) error {
	s := r.look()
	if s.triggered == run {
		return nil
	}
	s.triggered = run
	if err := m.store.Update(s.save); err != nil {
		return err
	}
	r.show(func(s *shown) { s.triggered = run })
	return nil
}

// begin prepares and starts a rule that is not running.
func (m *Manager) begin(r *rule) error { return m.resume(r, nil) }

// resume is begin with the state that the rule had.
func (m *Manager) resume(r *rule, state []byte) error {
	if s := r.look(); s.running() {
		return nil
	}
	r.cancelRetry()
	p, err := m.anew(r)
	if err != nil {
		m.fail(r, err)
	} else {
		p.state = state
		err = m.launch(r, p)
		m.warn(r.id, p.lost)
	}
	if err != nil && mayMend(err) {
		m.planRetry(r)
	}
	return err
}

// anew prepares a rule with the present options of all rules.
func (m *Manager) anew(r *rule) (*prepared, error) {
	if err := m.renew(r); err != nil {
		return nil, err
	}
	return m.prepare(r.def)
}

// launch starts a prepared rule that is not running.
func (m *Manager) launch(r *rule, p *prepared) error {
	r.cancelRetry()
	r.generation.Add(1)
	next, waits := m.appoint(r)
	if waits {
		m.wait(r, next, "")
		return nil
	}
	r.show(func(s *shown) { s.state, s.message, s.next = Starting, "", next })
	run, err := m.open(r.def, p)
	if errors.Is(err, hub.ErrState) {
		p.state = nil
		p.lost = []string{"the change is such that the rule begins anew: its windows are empty and its functions have forgotten earlier rows"}
		run, err = m.open(r.def, p)
	}
	if err != nil {
		m.fail(r, err)
		return err
	}
	r.show(func(s *shown) {
		s.state, s.run, s.final = Running, run, nil
		s.started = time.Now()
		s.reads = p.reads()
	})
	r.complaint = ""
	m.log.Info("rule is running", "rule", r.id)
	return nil
}

// end stops a rule that may be running, and leaves it in the given state.
func (m *Manager) end(ctx context.Context, r *rule, state State, message string) {
	r.cancelRetry()
	if state != Failed {
		m.clock.timetable.remove(r)
	}
	s := r.look()
	if !s.running() {
		r.show(func(s *shown) {
			s.next = time.Time{}
			if s.state == Waiting || message != "" && s.state != Stopped {
				s.state, s.message = state, message
			}
		})
		return
	}
	r.show(func(s *shown) { s.state = Stopping })
	m.checkpoints.ends(s.run)
	if err := s.run.close(ctx); err != nil {
		m.log.Warn("rule has not ended cleanly", "rule", r.id, "error", err)
	}
	if !m.closed {
		m.checkpoints.ended(s.def, s.run, state)
	}
	final := s.run.figures().ended()
	r.show(func(s *shown) {
		s.state, s.message, s.final, s.stopped, s.next = state, message, final, time.Now(), time.Time{}
	})
	m.log.Info("rule has ended", "rule", r.id, "state", state)
}

// fail notes why a rule could not be started. The log has it once, however
// often that is tried.
func (m *Manager) fail(r *rule, err error) {
	r.show(func(s *shown) { s.state, s.message, s.stopped = Failed, err.Error(), time.Now() })
	if r.complaint != err.Error() {
		r.complaint = err.Error()
		m.log.Error("rule cannot be started", "rule", r.id, "error", err)
	}
}
