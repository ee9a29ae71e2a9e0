package plan

import (
	"slices"
	"time"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// watermark is the step that puts rows into the order of their event time.
func (b *builder) watermark() Step {
	if !b.settings.EventTime {
		return nil
	}
	w := &Watermark{Tag: b.tag, Late: bounded(b.settings.LateTolerance), Idle: bounded(b.settings.IdleTimeout)}
	for i, s := range b.sources {
		if s.IsTable() {
			continue
		}
		if x := b.timestamp(i, s.Stream); x != nil {
			w.Times = append(w.Times, Timestamp{Source: i, X: x, Format: s.Stream.Options.TimestampFormat})
		}
	}
	return w
}

// bounded is a wait that can be added to a time.
func bounded(d time.Duration) time.Duration { return min(max(d, 0), time.Duration(LongestWindow)) }

// timeKinds are the kinds of columns that can hold a time.
var timeKinds = []value.Kind{value.Null, value.Int, value.Float, value.String, value.Time}

// timestamp is the column that holds the event time of a stream.
func (b *builder) timestamp(source int, s *Stream) Expr {
	name, kind := s.Options.Timestamp, value.Null
	if name == "" {
		b.find(diag.BadOption, b.sourceSpan(source), `Add TIMESTAMP="column" to the definition of the stream.`,
			"event time needs the TIMESTAMP of stream %q", s.Name)
		return nil
	}
	if f, ok := s.Field(name); ok {
		kind = f.Kind
	} else if !s.Schemaless {
		b.find(diag.BadOption, b.sourceSpan(source), diag.DidYouMean(name, fieldNames(s.Fields)), "the TIMESTAMP of stream %q, %q, is no column of it", s.Name, name)
		return nil
	}
	if !slices.Contains(timeKinds, kind) {
		b.find(diag.BadOption, b.sourceSpan(source), "Declare it as DATETIME, or as BIGINT with milliseconds.", "the TIMESTAMP of stream %q, %q, is a %s", s.Name, name, kind)
		return nil
	}
	if format := s.Options.TimestampFormat; format != "" {
		if _, err := function.NewTimePattern(format); err != nil {
			b.find(diag.BadOption, b.sourceSpan(source), "Use the letters of format_time, such as yyyy-MM-dd HH:mm:ss.", "the TIMESTAMP_FORMAT of stream %q: %v", s.Name, err)
			return nil
		}
	}
	return b.readColumn(source, name, value.Field, kind)
}

// sourceSpan is where the query names a source.
func (b *builder) sourceSpan(i int) diag.Span {
	if i == 0 {
		return b.query.From.Name.Span
	}
	return b.query.Joins[i-1].Source.Name.Span
}
