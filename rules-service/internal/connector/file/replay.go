package file

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sluice/sqlengine/value"
)

// pacer says when a row is due.
type pacer struct {
	pause time.Duration // between two rows
	speed float64       // of the original

	last  time.Time // of the row before
	first time.Time // time of the first row, and when it was sent
	began time.Time
}

// restart forgets the rows of the last reading, but for the pause behind them.
func (p *pacer) restart() { p.first = time.Time{} }

// due is how long a row is to wait that was written at a time, which may be
// unknown.
func (p *pacer) due(at time.Time) time.Duration {
	switch {
	case p.pause > 0 && !p.last.IsZero():
		return time.Until(p.last.Add(p.pause))
	case at.IsZero():
		return 0
	case p.first.IsZero():
		p.first, p.began = at, time.Now()
		return 0
	}
	after := time.Duration(float64(at.Sub(p.first)) / p.speed)
	return time.Until(p.began.Add(after))
}

// sent notes that a row goes out.
func (p *pacer) sent() {
	if p.pause > 0 {
		p.last = time.Now()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fieldAt finds a field below others.
func fieldAt(v value.Value, path string) value.Value {
	for {
		if v.Kind() != value.Object {
			return value.Missing
		}
		if f := v.Object().Get(path); !f.IsMissing() {
			return f
		}
		step, rest, more := strings.Cut(path, ".")
		if !more {
			return value.Missing
		}
		v, path = v.Object().Get(step), rest
	}
}

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00"}

// timeOf reads a time: milliseconds, or a text.
func timeOf(v value.Value) time.Time {
	if v.Kind() == value.String {
		text := strings.TrimSpace(v.Str())
		for _, l := range layouts {
			if t, err := time.Parse(l, text); err == nil {
				return t
			}
		}
		ms, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return time.Time{}
		}
		return ofMilliseconds(ms)
	}
	if ms, ok := v.Number(); ok {
		return ofMilliseconds(ms)
	}
	return time.Time{}
}

// ofMilliseconds is a time of this era; other numbers are none.
func ofMilliseconds(ms float64) time.Time {
	if !(ms > 0 && ms < 1<<50) {
		return time.Time{}
	}
	return time.UnixMicro(int64(ms * 1000))
}
