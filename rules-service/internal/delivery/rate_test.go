package delivery

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
)

// clocked notes when each message arrives.
type clocked struct {
	*server
	at map[string]*[]time.Time
}

func newClocked() clocked { return clocked{newServer(), map[string]*[]time.Time{}} }

func (c clocked) Write(ctx context.Context, msgs []connector.Outbound) error {
	c.mu.Lock()
	for i := range msgs {
		topic := msgs[i].Values["topic"]
		if c.at[topic] == nil {
			c.at[topic] = new([]time.Time)
		}
		*c.at[topic] = append(*c.at[topic], time.Now())
	}
	c.mu.Unlock()
	return c.server.Write(ctx, msgs)
}

// A rate holds in every period, together for all actions that have it, in
// order and without loss; an action without it on the same target does not
// wait.
func TestRate(t *testing.T) {
	for _, storing := range []bool{false, true} {
		dir := ""
		if storing {
			dir = t.TempDir()
		}
		synctest.Test(t, func(t *testing.T) {
			s := newClocked()
			p := storingPool(s, Storage{Dir: dir})
			limit := map[string]any{"rateLimit": "20/1m", "bufferLength": 1000}
			one, two := openRule(t, p, "r1", "t", limit), openRule(t, p, "r2", "t2", limit)
			free := openRule(t, p, "r3", "free", nil)
			start := time.Now()
			push(one, 0, 130)
			push(two, 0, 30)
			push(free, 0, 500)
			synctest.Wait()
			if n := s.len("free"); n != 500 {
				t.Errorf("%d messages of an action without limit have come", n)
			}
			if st := one.Stats(); st.BufferLength < 110 || st.Connection != Connected || st.Exceptions != 0 {
				t.Errorf("while it waits: %+v", st)
			}
			settled(t, "all is written", func() bool { return one.Stats().BufferLength+two.Stats().BufferLength == 0 })
			if took := time.Since(start); took < 7*time.Minute || took > 8*time.Minute {
				t.Errorf("160 messages took %s, want 7 periods", took)
			}
			s.expect(t, "t", 0, 130)
			s.expect(t, "t2", 0, 30)
			_ = p.Close(t.Context())
			all := append(*s.at["t"], *s.at["t2"]...)
			for i := range all {
				n := 0
				for _, o := range all {
					if d := o.Sub(all[i]); d >= 0 && d < time.Minute {
						n++
					}
				}
				if n > 20 {
					t.Fatalf("%d messages within a minute", n)
				}
			}
		})
	}
}

// Attempts that fail count as well: the target has seen them.
func TestRateOfAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []error{errRefused, errRefused, errRefused}}
		p := f.pool()
		target := openRule(t, p, "r1", "t", map[string]any{"rateLimit": "2/10m", "resendInterval": "1s"})
		start := time.Now()
		push(target, 0, 1)
		settled(t, "it is written", func() bool { return target.Stats().RecordsOut == 1 })
		if took := time.Since(start); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("four attempts took %s", took)
		}
		_ = p.Close(t.Context())
	})
}

// An action that waits for its rate can be ended at once; with a disk it loses
// nothing.
func TestRateAtStop(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		for range 3 {
			p := storingPool(s, Storage{Dir: dir})
			target := openRule(t, p, "r1", "t", map[string]any{"rateLimit": "10/1h"})
			if s.len("t") == 0 {
				push(target, 0, 30)
			}
			synctest.Wait()
			start := time.Now()
			var wait sync.WaitGroup
			wait.Go(func() { _ = p.Close(canceled(t)) })
			wait.Wait()
			if took := time.Since(start); took > time.Second {
				t.Errorf("the end took %s", took)
			}
		}
		s.expect(t, "t", 0, 30)
	})
}

func (s *server) len(topic string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got[topic])
}
