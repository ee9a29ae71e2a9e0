package influx

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
	"sluice/sqlengine/value"
)

// sink writes the points of all messages of a batch in one request. Writing a
// point again changes nothing: its time was given to it.
type sink struct {
	points Points
	unit   int64
	server server

	lines []byte   // of the batch
	parts []part   // of lines, by message
	head  []byte   // of the lines of a message
	tags  []tag    // of the message
	names []string // of its tags as values have them, in order
	last  int64    // time given to a point
}

// part is what a message has in the lines of a batch.
type part struct {
	to  int   // it begins where the one before ends
	err error // why it has none
}

func newSink(p Points, s server, pool *httpclient.Pool) (*sink, error) {
	t, err := p.TLS.Config()
	if err != nil {
		return nil, err
	}
	s.client = pool.Client(httpclient.Settings{TLS: t, TLSKey: p.TLS.Key(), Timeout: p.Timeout})
	s.zip = p.Compression == "gzip"
	return &sink{points: p, unit: units[p.Precision], server: s}, nil
}

// Connect writes nothing, and finds out that way whether something could be
// written.
func (s *sink) Connect(ctx context.Context) error { return s.server.probe(ctx) }

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	s.lines, s.parts = s.lines[:0], s.parts[:0]
	for i := range msgs {
		start := len(s.lines)
		err := s.append(&msgs[i])
		if err != nil {
			s.lines = s.lines[:start]
		}
		s.parts = append(s.parts, part{len(s.lines), err})
	}
	return connector.Bisect(len(msgs), func(from, to int) error { return s.write(ctx, from, to) })
}

// write sends the lines of some messages.
func (s *sink) write(ctx context.Context, from, to int) error {
	for i := from; i < to; i++ {
		if err := s.parts[i].err; err != nil {
			return &connector.Permanent{Err: err}
		}
	}
	start := 0
	if from > 0 {
		start = s.parts[from-1].to
	}
	lines := s.lines[start:s.parts[to-1].to]
	if len(lines) == 0 {
		return nil
	}
	return s.server.write(ctx, lines)
}

// append appends the lines of a message.
func (s *sink) append(m *connector.Outbound) error {
	rows, err := codec.ParseRows(m.Payload)
	if err != nil {
		return err
	}
	if s.head, err = appendHead(s.head[:0], m.Value("measurement", string(s.points.Measurement)), s.tagsOf(m)); err != nil {
		return err
	}
	for _, row := range rows {
		t, err := s.time(row)
		if err != nil {
			return err
		}
		s.lines = append(append(s.lines, s.head...), ' ')
		if s.lines, err = appendFields(s.lines, row, s.points.Fields); err != nil {
			return err
		}
		s.lines = append(strconv.AppendInt(append(s.lines, ' '), t, 10), '\n')
	}
	return nil
}

const tagPrefix = "tags." // of tags among the values of a message

// tagsOf are the tags of a message in the order of their names. Actions that
// share the sink may have others than it was made for.
func (s *sink) tagsOf(m *connector.Outbound) []tag {
	if !s.known(m.Values) {
		s.names = s.names[:0]
		for _, name := range slices.Sorted(maps.Keys(m.Values)) {
			if strings.HasPrefix(name, tagPrefix) {
				s.names = append(s.names, name)
			}
		}
	}
	s.tags = s.tags[:0]
	for _, name := range s.names {
		s.tags = append(s.tags, tag{strings.TrimPrefix(name, tagPrefix), m.Values[name]})
	}
	return s.tags
}

// known tells whether names are those of the tags among values: those of the
// message before.
func (s *sink) known(values map[string]string) bool {
	if len(values) != len(s.names)+1 { // and the measurement
		return false
	}
	for _, name := range s.names {
		if _, ok := values[name]; !ok {
			return false
		}
	}
	_, ok := values["measurement"]
	return ok
}

// time is that of a point. Without a column for it, it is now, and later than
// that of the point before: of two points with equal tags and time one would
// be lost.
func (s *sink) time(row *value.Fields) (int64, error) {
	if name := s.points.TsFieldName; name != "" {
		t, err := timeOf(row.Get(name), s.unit)
		if err != nil {
			return 0, fmt.Errorf("column %q, the time: %w", name, err)
		}
		return t, nil
	}
	s.last = max(s.last+1, time.Now().UnixNano())
	return s.last, nil
}

func (s *sink) Close(context.Context) error { return nil }
