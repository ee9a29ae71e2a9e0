package delivery

import (
	"time"

	"sluice/rules-service/internal/connector"
)

// limiter holds a connection to its rate: within any stretch of the period no
// more messages are written than it says. Only the worker uses it.
type limiter struct {
	period time.Duration
	times  []time.Time // when the last ones were written, as a ring
	oldest int
}

// newLimiter is nil when there is no rate.
func newLimiter(r connector.Rate) *limiter {
	if r.Messages == 0 {
		return nil
	}
	return &limiter{period: r.Period, times: make([]time.Time, r.Messages)}
}

// admits is how many of n messages may be written now or, when it is none, how
// long to wait before the first may.
func (l *limiter) admits(n int, now time.Time) (int, time.Duration) {
	if l == nil {
		return n, 0
	}
	free := 0
	for n = min(n, len(l.times)); free < n; free++ {
		t := l.times[(l.oldest+free)%len(l.times)]
		if wait := l.period - now.Sub(t); !t.IsZero() && wait > 0 {
			if free > 0 {
				return free, 0
			}
			return 0, wait
		}
	}
	return free, 0
}

// wrote notes that n messages have been given to the target.
func (l *limiter) wrote(n int, now time.Time) {
	if l == nil {
		return
	}
	for range n {
		l.times[l.oldest] = now
		l.oldest = (l.oldest + 1) % len(l.times)
	}
}

// admitted waits until the rate lets some of the first n messages of the hand
// through, and tells how many; 0: the worker ends.
func (w *worker) admitted(n int) int {
	for w.ctx.Err() == nil {
		free, wait := w.rate.admits(n, time.Now())
		if free > 0 {
			return free
		}
		w.sleep(wait)
	}
	return 0
}
