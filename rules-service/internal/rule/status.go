package rule

import (
	"fmt"
	"strings"
	"time"

	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/hub"
	"sluice/sqlengine"
)

// figures are the counters of a run.
type figures struct {
	hub   hub.Stats
	sinks []delivery.SinkStats
}

func (r *run) figures() *figures {
	f := &figures{hub: r.attachment.Stats()}
	for _, t := range r.targets {
		f.sinks = append(f.sinks, t.Stats())
	}
	return f
}

// ended are the figures of a run that has ended: it has no connection any
// more, whoever else uses that.
func (f *figures) ended() *figures {
	for i := range f.hub.Sources {
		f.hub.Sources[i].Connection.Status = hub.Disconnected
	}
	for i := range f.sinks {
		f.sinks[i].Connection = delivery.Disconnected
	}
	return f
}

// figures are those of the present run, or of the last one.
func (s *shown) figures() *figures {
	switch {
	case s.final != nil:
		return s.final
	case s.run != nil:
		return s.run.figures()
	}
	return &figures{}
}

// Status is the state of a rule and all its counters.
func (m *Manager) Status(id string) (Pairs, error) {
	r, err := m.find(id)
	if err != nil {
		return nil, err
	}
	s := r.look()
	p := Pairs{
		{"status", s.state}, {"message", s.message},
		{"lastStartTimestamp", millis(s.started)}, {"lastStopTimestamp", millis(s.stopped)}, {"nextStartTimestamp", millis(s.next)},
	}
	f := s.figures()
	for _, src := range f.hub.Sources {
		p = appendSource(p, src)
	}
	for _, op := range f.hub.Operators {
		p = appendOperator(p, op)
	}
	for _, sink := range f.sinks {
		p = appendSink(p, sink)
	}
	return append(p, m.params.pairs(s.def)...), nil
}

// Health is the short form of a rule's status.
type Health struct {
	Status        State  `json:"status"`
	LastException string `json:"last_exception"`
	Exceptions    uint64 `json:"exceptions_total"`
}

// Healths is the short status of the rules that a filter picks, by id in
// order. The total counts those on other pages, too.
func (m *Manager) Healths(f Filter) (Pairs, int) {
	p := Pairs{}
	rules, total := m.filtered(f)
	for _, r := range rules {
		s := r.look()
		p = append(p, Pair{r.id, s.health()})
	}
	return p, total
}

func (s *shown) health() Health {
	h := Health{Status: s.state}
	var last time.Time
	count := func(n uint64, text string, at time.Time) {
		h.Exceptions += n
		if text != "" && !at.Before(last) {
			h.LastException, last = text, at
		}
	}
	f := s.figures()
	for _, src := range f.hub.Sources {
		count(src.Counts.Exceptions, src.Counts.LastException, src.Counts.LastExceptionTime)
	}
	for _, op := range f.hub.Operators {
		count(op.Exceptions, op.LastException, op.LastExceptionTime)
	}
	for _, sink := range f.sinks {
		count(sink.Exceptions, sink.LastException, sink.LastExceptionTime)
	}
	return h
}

// block is what the status has of every step of a rule.
type block struct {
	in, out, processed uint64
	latency            time.Duration
	buffer             int
	invoked            time.Time
	exceptions         uint64
	exception          string
	exceptionTime      time.Time
}

func (b block) append(p Pairs, prefix string) Pairs {
	return append(p,
		Pair{prefix + "records_in_total", b.in}, Pair{prefix + "records_out_total", b.out},
		Pair{prefix + "messages_processed_total", b.processed}, Pair{prefix + "process_latency_us", b.latency.Microseconds()},
		Pair{prefix + "buffer_length", b.buffer}, Pair{prefix + "last_invocation", millis(b.invoked)},
		Pair{prefix + "exceptions_total", b.exceptions}, Pair{prefix + "last_exception", b.exception},
		Pair{prefix + "last_exception_time", millis(b.exceptionTime)},
	)
}

// link is what the status has of a connection.
type link struct {
	status                       int
	connected, disconnected, try time.Time
	message                      string
}

func (l link) append(p Pairs, prefix string) Pairs {
	prefix += "connection_"
	return append(p,
		Pair{prefix + "status", l.status}, Pair{prefix + "last_connected_time", millis(l.connected)},
		Pair{prefix + "last_disconnected_time", millis(l.disconnected)}, Pair{prefix + "last_disconnected_message", l.message},
		Pair{prefix + "last_try_time", millis(l.try)},
	)
}

func appendSource(p Pairs, s hub.SourceStats) Pairs {
	prefix := fmt.Sprintf("source_%s_0_", sourceName(s.Stream))
	c := s.Counts
	p = block{
		in: c.Messages, out: c.Rows, processed: c.Messages, latency: c.Latency, buffer: s.BufferLength, invoked: c.LastInvocation,
		exceptions: c.Exceptions, exception: c.LastException, exceptionTime: c.LastExceptionTime,
	}.append(p, prefix)
	n := s.Connection
	p = link{int(n.Status), n.LastConnected, n.LastDisconnected, n.LastTry, n.LastDisconnectedMessage}.append(p, prefix)
	p = append(p, Pair{prefix + "dropped_total", s.Dropped})
	return appendReception(p, prefix, s.Reception)
}

func appendOperator(p Pairs, o sqlengine.OpStats) Pairs {
	prefix := fmt.Sprintf("op_%s_0_", o.Name)
	p = block{
		in: o.In, out: o.Out, processed: o.In,
		exceptions: o.Exceptions, exception: o.LastException, exceptionTime: o.LastExceptionTime,
	}.append(p, prefix)
	if !strings.HasSuffix(o.Name, "_watermark") {
		return p
	}
	return append(p, Pair{prefix + "late_total", o.Late}, Pair{prefix + "held", o.Held})
}

func appendSink(p Pairs, s delivery.SinkStats) Pairs {
	prefix := fmt.Sprintf("sink_%s_0_", s.Name)
	p = block{
		in: s.RecordsIn, out: s.RecordsOut, processed: s.MessagesProcessed, latency: s.ProcessLatency, buffer: s.BufferLength,
		invoked: s.LastInvocation, exceptions: s.Exceptions, exception: s.LastException, exceptionTime: s.LastExceptionTime,
	}.append(p, prefix)
	p = link{int(s.Connection), s.LastConnectedTime, s.LastDisconnectedTime, s.LastTryTime, s.LastDisconnectedMessage}.append(p, prefix)
	return append(p, Pair{prefix + "dropped_total", s.Dropped})
}

// millis is the time as the REST API has it: milliseconds since 1970, or 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
