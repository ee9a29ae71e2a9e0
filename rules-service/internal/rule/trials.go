package rule

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// trialTime is how long a trial may take: who tries a rule goes away.
	trialTime = 5 * time.Minute
	maxTrials = 64
)

// trials are the rules that are being tried, by their ids.
type trials struct {
	m  *Manager
	mu sync.Mutex
	by map[string]*trial
}

func newTrials(m *Manager) *trials { return &trials{m: m, by: map[string]*trial{}} }

func (s *trials) find(id string) *trial {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[id]
}

func (s *trials) remove(id string) *trial {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.by[id]
	delete(s.by, id)
	return t
}

// add takes a trial in, in place of one with its id.
func (s *trials) add(t *trial) error {
	if err := s.m.StopTrial(t.id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.by) >= maxTrials {
		return fmt.Errorf("%d rules are being tried already; end one of them first", maxTrials)
	}
	s.by[t.id] = t
	t.over = time.AfterFunc(trialTime, func() {
		s.expire(t)
		_ = t.end()
	})
	return nil
}

// expire takes a trial out, unless another one has its id by now.
func (s *trials) expire(t *trial) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[t.id] == t {
		delete(s.by, t.id)
	}
}

// failed tells the listeners of a trial that it has failed while running. It
// is called on the goroutine of the rules.
func (s *trials) failed(id string, err error) {
	if t := s.find(strings.TrimPrefix(id, trialPrefix)); t != nil {
		t.feed.add(err.Error())
	}
}

// close ends all trials.
func (s *trials) close() error {
	s.mu.Lock()
	all := s.by
	s.by = map[string]*trial{}
	s.mu.Unlock()
	var errs []error
	for _, t := range all {
		errs = append(errs, t.end())
	}
	return errors.Join(errs...)
}
