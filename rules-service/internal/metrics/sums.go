package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/rule"
)

// step names what has figures. Summed over all rules it has no rule.
type step struct{ kind, rule, op string }

// block is what is measured of every step.
type block struct {
	in, out, processed, exceptions uint64
	latency                        int64 // microseconds; the greatest
	buffer                         int
	connection                     int // the worst
	late, held, dropped            uint64
	droppedBy                      [delivery.Reasons]uint64
	disk                           int64 // the greatest
}

// sums are the figures of rules, each by itself or all together.
type sums struct {
	detailed bool
	steps    map[step]*block
	states   map[rule.State]int
	statuses map[string]int // of rules; summed up those alone that are in trouble
}

func newSums(detailed bool) *sums {
	return &sums{detailed: detailed, steps: map[step]*block{}, states: map[rule.State]int{}, statuses: map[string]int{}}
}

// mostInTrouble bounds the rules that are named when there are too many for all
// to be.
const mostInTrouble = 100

func (s *sums) add(f *rule.Figures) {
	s.states[f.State]++
	status := statusOf(f.State)
	if s.detailed || status < 0 && len(s.statuses) < mostInTrouble {
		s.statuses[f.ID] = status
	}
	for i := range f.Sources {
		src := &f.Sources[i]
		c := &src.Counts
		s.block(source, f.ID, src.Stream).add(block{
			in: c.Messages, out: c.Rows, processed: c.Messages, exceptions: c.Exceptions, latency: c.Latency.Microseconds(),
			buffer: src.BufferLength, connection: int(src.Connection.Status), dropped: src.Dropped,
		})
	}
	for i := range f.Operators {
		op := &f.Operators[i]
		s.block(operator, f.ID, op.Name).add(block{in: op.In, out: op.Out, processed: op.In, exceptions: op.Exceptions, late: op.Late, held: op.Held})
	}
	for i := range f.Sinks {
		t := &f.Sinks[i]
		s.block(sink, f.ID, t.Name).add(block{
			in: t.RecordsIn, out: t.RecordsOut, processed: t.MessagesProcessed, exceptions: t.Exceptions, latency: t.ProcessLatency.Microseconds(),
			buffer: t.BufferLength, connection: int(t.Connection), droppedBy: t.DroppedBy, disk: t.DiskBytes,
		})
	}
}

func statusOf(s rule.State) int {
	switch s {
	case rule.Running:
		return 1
	case rule.Failed:
		return -1
	}
	return 0
}

// block finds the figures of a step.
func (s *sums) block(kind, id, op string) *block {
	key := step{kind, id, op}
	if !s.detailed {
		key = step{kind, "", sortOf(kind, op)}
	}
	b := s.steps[key]
	if b == nil {
		b = &block{connection: 1}
		s.steps[key] = b
	}
	return b
}

// sortOf is what steps of many rules have in common: the kind of an operator,
// the type of a sink.
func sortOf(kind, op string) string {
	switch kind {
	case operator:
		if _, name, ok := strings.Cut(op, "_"); ok {
			return name
		}
	case sink:
		if i := strings.LastIndexByte(op, '_'); i >= 0 {
			return op[:i]
		}
	}
	return ""
}

func (b *block) add(o block) {
	b.in += o.in
	b.out += o.out
	b.processed += o.processed
	b.exceptions += o.exceptions
	b.latency = max(b.latency, o.latency)
	b.buffer += o.buffer
	b.connection = min(b.connection, o.connection)
	b.late += o.late
	b.held += o.held
	b.dropped += o.dropped
	for i, n := range o.droppedBy {
		b.droppedBy[i] += n
	}
	b.disk = max(b.disk, o.disk)
}

func (s *sums) emit(ch chan<- prometheus.Metric) {
	late, held := map[string]uint64{}, map[string]uint64{}
	for key, b := range s.steps {
		b.emit(ch, key)
		if key.kind == operator {
			late[key.rule] += b.late
			held[key.rule] += b.held
		}
	}
	for id, n := range late {
		ch <- lateRows.of(float64(n), id)
		ch <- heldRows.of(float64(held[id]), id)
	}
	for id, status := range s.statuses {
		ch <- ruleStatus.of(float64(status), id)
	}
	running, others := 0, 0
	for _, state := range rule.States {
		n := s.states[state]
		ch <- ruleStates.of(float64(n), string(state))
		if state == rule.Running {
			running += n
		} else {
			others += n
		}
	}
	ch <- ruleCount.of(float64(running), "running")
	ch <- ruleCount.of(float64(others), "stop")
}

func (b *block) emit(ch chan<- prometheus.Metric, key step) {
	f := steps[key.kind]
	labels := []string{key.rule, key.kind, key.op, "0"}
	ch <- f.in.of(float64(b.in), labels...)
	ch <- f.out.of(float64(b.out), labels...)
	ch <- f.processed.of(float64(b.processed), labels...)
	ch <- f.exceptions.of(float64(b.exceptions), labels...)
	ch <- f.latency.of(float64(b.latency), labels...)
	ch <- f.buffer.of(float64(b.buffer), labels...)
	switch key.kind {
	case source:
		ch <- f.connection.of(float64(b.connection), labels...)
		ch <- decodeErrors.of(float64(b.exceptions), key.rule, key.op)
		ch <- sourceDropped.of(float64(b.dropped), key.rule, key.op)
	case sink:
		ch <- f.connection.of(float64(b.connection), labels...)
		ch <- queueBytes.of(float64(b.disk), key.rule, key.op)
		for i, n := range b.droppedBy {
			ch <- sinkDropped.of(float64(n), key.rule, key.op, delivery.Reason(i).String())
		}
	}
}
