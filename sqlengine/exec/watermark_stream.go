package exec

import (
	"errors"
	"fmt"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// eventStream is what a watermark knows of one stream.
type eventStream struct {
	source  int
	text    string // of the column that holds the time
	x       Eval
	pattern *function.TimePattern // nil: the usual forms
	sent    bool
	newest  int64
	heard   int64 // when the last row came, by the host's clock
}

func newEventStream(c compiler, t plan.Timestamp, now int64) eventStream {
	s := eventStream{source: t.Source, text: plan.Format(t.X), x: c.compile(t.X), heard: now}
	if t.Format != "" {
		var err error
		if s.pattern, err = function.NewTimePattern(t.Format); err != nil {
			panic("exec: the plan has not seen that " + err.Error())
		}
	}
	return s
}

// timeOf is the event time of a row.
func (s *eventStream) timeOf(f *Frame) (int64, error) {
	v := s.x(f)
	if v.IsNull() {
		return 0, fmt.Errorf("the row has no timestamp %s", s.text)
	}
	t, err := s.read(f, v)
	if err == nil && !inRange(t) {
		err = errors.New("is out of the range of event times")
	}
	if err != nil {
		return 0, fmt.Errorf("timestamp %s %w", s.text, err)
	}
	return t, nil
}

func (s *eventStream) read(f *Frame, v value.Value) (int64, error) {
	if s.pattern != nil && v.Kind() == value.String {
		return s.pattern.Parse(&f.Context, v.Str())
	}
	return function.TimeOf(&f.Context, v)
}

// hear takes note of a row of that event time.
func (s *eventStream) hear(t, now int64) {
	s.heard = now
	if !s.sent || t > s.newest {
		s.sent, s.newest = true, t
	}
}

// snapshot writes for how long the stream has been silent: the time in which
// a query is not open does not count.
func (s *eventStream) snapshot(e *value.Encoder, now int64) {
	e.Bool(s.sent)
	e.Int(s.newest)
	e.Int(now - s.heard)
}

func (s *eventStream) restore(d *value.Decoder, now int64) {
	s.sent, s.newest = d.Bool(), d.Int()
	s.heard = now - max(d.Int(), 0)
	if s.sent && !inRange(s.newest) {
		d.Fail(fmt.Errorf("a stream that is at %d", s.newest))
	}
}
