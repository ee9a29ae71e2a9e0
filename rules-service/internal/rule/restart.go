package rule

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// onFail hears of a rule that failed while running. It is called on the
// goroutine that runs the rule, so it only passes the news on.
func (m *Manager) onFail(id string, err error) {
	r, ok := m.lookup(id)
	if !ok { // it is a trial, or was deleted at the same moment
		m.trials.failed(id, err)
		return
	}
	generation := r.generation.Load()
	m.background.Go(func() { m.failed(r, generation, err) })
}

// failed ends what is left of a run that failed, and plans the next one.
func (m *Manager) failed(r *rule, generation int64, err error) {
	_ = m.changing(r, func() error { // it cannot fail but by the end of rule or service
		s := r.look()
		if !s.running() || r.generation.Load() != generation {
			return nil
		}
		healthy := time.Since(s.started) > r.def.Options.Restart.well(r.retries)
		m.log.Error("rule has failed", "rule", r.id, "error", err)
		m.end(context.Background(), r, Failed, err.Error())
		if healthy {
			r.retries = 0
		}
		m.planRetry(r)
		return nil
	})
}

// planRetry starts the rule again after a pause, unless it has been started
// often enough.
func (m *Manager) planRetry(r *rule) {
	strategy := r.def.Options.Restart
	if strategy.Attempts != Unlimited && r.retries >= strategy.Attempts {
		return
	}
	pause := strategy.pause(r.retries)
	r.retries++
	r.show(func(s *shown) { s.next = time.Now().Add(pause) })
	m.background.Add(1)
	r.retry = time.AfterFunc(pause, func() {
		defer m.background.Done()
		m.tryAgain(r)
	})
	r.retryDone = m.background.Done
}

func (m *Manager) tryAgain(r *rule) {
	_ = m.changing(r, func() error { // what fails is in the status
		if s := r.look(); s.state != Failed || s.next.IsZero() {
			return nil
		}
		return m.begin(r)
	})
}

// mayMend tells whether a rule that cannot be started may be by itself, later:
// a secret or a disk comes back, a definition does not change.
func mayMend(err error) bool {
	var (
		statement *Statement
		missing   *NotFound
		malformed *Malformed
	)
	return !errors.As(err, &statement) && !errors.As(err, &missing) && !errors.As(err, &malformed)
}

// longestPause bounds the pauses of a strategy without maxDelay.
const longestPause = 24 * time.Hour

// pause before the restart of that number, from 0.
func (s RestartStrategy) pause(retries int) time.Duration {
	bound := longestPause
	if s.MaxDelay > 0 {
		bound = min(bound, s.MaxDelay)
	}
	d := min(float64(s.Delay)*math.Pow(s.Multiplier, float64(retries)), float64(bound))
	return time.Duration(d * (1 + s.Jitter*(2*rand.Float64()-1)))
}

// well is how long a rule must have run for its failures to be counted anew.
func (s RestartStrategy) well(retries int) time.Duration {
	return max(s.MaxDelay, s.pause(retries), time.Second)
}

// cancelRetry forgets a planned restart.
func (r *rule) cancelRetry() {
	if r.retry != nil && r.retry.Stop() {
		r.retryDone()
	}
	r.retry = nil
}
