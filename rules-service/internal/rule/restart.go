package rule

import (
	"context"
	"math"
	"math/rand/v2"
	"time"
)

// onFail hears of a rule that failed while running. It is called on the
// goroutine that runs the rule, so it only passes the news on.
func (m *Manager) onFail(id string, err error) {
	r, e := m.find(id)
	if e != nil { // it is a trial, or was deleted at the same moment
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
		healthy := time.Since(s.started) > r.def.Options.Restart.MaxDelay
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
		return m.begin(r) // a rule that cannot even begin does not mend by itself
	})
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

// cancelRetry forgets a planned restart.
func (r *rule) cancelRetry() {
	if r.retry != nil && r.retry.Stop() {
		r.retryDone()
	}
	r.retry = nil
}
