package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when a rule that is wanted to run does so.
type Schedule struct {
	// times are those at which the rule begins, each time for Duration. Without
	// them the rule runs once for Duration.
	times    cron.Schedule
	Cron     string
	Duration time.Duration
	Ranges   []Range // it runs inside them alone; none: at all times
}

// Range is a span of time, its end not in it.
type Range struct{ Begin, End Moment }

// Moment is a point in time or, as most people write it, what a clock on the
// wall shows: the same text is another point in another time zone.
type Moment struct {
	at   time.Time // of a clock on the wall: its reading as if it were UTC
	wall bool
}

// In is the point in time, for a clock on a wall in that zone.
func (m Moment) In(zone *time.Location) time.Time {
	if !m.wall {
		return m.at
	}
	y, mo, d := m.at.Date()
	h, mi, s := m.at.Clock()
	return time.Date(y, mo, d, h, mi, s, m.at.Nanosecond(), zone)
}

// once tells that the rule ends for good after its Duration.
func (s *Schedule) once() bool { return s.times == nil && s.Duration > 0 }

// at tells whether the rule runs at a moment, and when to ask again; the zero
// time: that never changes.
func (s *Schedule) at(now time.Time, zone *time.Location) (runs bool, again time.Time) {
	inside, again := s.inside(now, zone)
	if s.times == nil {
		return inside, again
	}
	// The first time whose run is not over yet.
	begin := s.times.Next(now.In(zone).Add(-s.Duration))
	switch {
	case begin.IsZero():
		return false, time.Time{}
	case begin.After(now):
		return false, earliest(again, begin)
	}
	return inside, earliest(again, begin.Add(s.Duration))
}

// inside tells whether a moment is in one of the ranges, and when to ask again.
func (s *Schedule) inside(now time.Time, zone *time.Location) (inside bool, again time.Time) {
	for _, r := range s.Ranges {
		begin, end := r.Begin.In(zone), r.End.In(zone)
		switch {
		case now.Before(begin):
			again = earliest(again, begin)
		case now.Before(end):
			inside = true
			again = earliest(again, end)
		}
	}
	return inside || len(s.Ranges) == 0, again
}

// next is when the rule begins next, after now; the zero time: never.
func (s *Schedule) next(now time.Time, zone *time.Location) time.Time {
	for range len(s.Ranges) + 1 {
		if inside, begin := s.inside(now, zone); !inside {
			if begin.IsZero() {
				return begin
			}
			now = begin
			if runs, _ := s.at(now, zone); runs {
				return now
			}
		}
		if s.times == nil {
			return time.Time{} // it runs already
		}
		begin := s.times.Next(now.In(zone))
		if inside, _ := s.inside(begin, zone); inside || begin.IsZero() {
			return begin
		}
		now = begin
	}
	return time.Time{}
}

// earliest of two times, of which the zero one is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// readSchedule reads cron, duration and cronDatetimeRange; nil: there are none.
func readSchedule(o *object) *Schedule {
	s := &Schedule{Cron: strings.TrimSpace(o.text("cron")), Duration: o.duration("duration", 0), Ranges: readRanges(o)}
	switch {
	case s.Cron != "" && s.Duration == 0:
		o.note.warn("%scron has no effect without %sduration", o.path, o.path)
	case s.Cron != "":
		var err error
		if s.times, err = parseCron(s.Cron); err != nil {
			o.note.fail("%scron: %v", o.path, err)
		}
	case s.Duration > 0 && len(s.Ranges) > 0:
		o.note.fail("%sduration and cronDatetimeRange together need a cron", o.path)
	}
	if s.Duration == 0 && len(s.Ranges) == 0 {
		return nil
	}
	return s
}

func parseCron(text string) (cron.Schedule, error) {
	if strings.HasPrefix(text, "@every") {
		return nil, errors.New(`@every has no fixed times; write five fields, such as "*/5 * * * *"`)
	}
	times, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("%q is none: %w; write five fields, such as \"0 6 * * 1-5\"", text, err)
	}
	if times.Next(time.Now()).IsZero() {
		return nil, fmt.Errorf("%q: that time never comes", text)
	}
	return times, nil
}

// readRanges reads a list of {"begin","end"} or {"beginTimestamp",
// "endTimestamp"}.
func readRanges(o *object) []Range {
	const name = "cronDatetimeRange"
	raw, ok := o.take(name)
	if !ok {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		o.wrong(name, `a list such as [{"begin": "2006-01-02 15:04:05", "end": "2006-01-02 16:00:00"}]`, raw)
		return nil
	}
	var ranges []Range
	for i, e := range list {
		entry := newObject(fmt.Sprintf("%s%s[%d].", o.path, name, i), e, o.note)
		r := Range{readMoment(entry, "begin"), readMoment(entry, "end")}
		entry.warnUnknown()
		if r.Begin.at.After(r.End.at) && r.Begin.wall == r.End.wall {
			o.note.fail("%s%s[%d]: begin must not be after end", o.path, name, i)
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// readMoment reads milliseconds since 1970 or the time of a clock on the wall.
func readMoment(o *object, name string) Moment {
	text := o.text(name)
	if stamp := o.count64(name + "Timestamp"); stamp > 0 {
		return Moment{at: time.UnixMilli(stamp)}
	}
	for _, layout := range []string{time.DateTime, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return Moment{at: t, wall: layout == time.DateTime}
		}
	}
	o.note.fail(`%s%s must be a time such as "2006-01-02 15:04:05", not %q`, o.path, name, text)
	return Moment{}
}

// count64 reads milliseconds since 1970; 0 when there are none.
func (o *object) count64(name string) int64 {
	raw, ok := o.take(name)
	if !ok {
		return 0
	}
	var n int64
	if json.Unmarshal(raw, &n) != nil || n < 0 {
		o.wrong(name, "milliseconds since 1970", raw)
	}
	return n
}
