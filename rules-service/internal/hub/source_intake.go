package hub

import (
	"errors"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
	"sluice/sqlengine/value"
)

// journals tells whether the messages of the source go to the intake journal.
func (s *source) journals() bool {
	return s.hub.intake != nil && (s.durable || s.wanted.Load() > 0)
}

// intake are the figures of the journal, if the source's messages go there.
func (s *source) intake() *IntakeStats {
	if !s.journals() {
		return nil
	}
	stats := s.hub.intake.stats()
	return &stats
}

// keep appends messages to the intake journal and gives them to the streams at
// once. done hears when they are on disk.
func (s *source) keep(msgs []connector.Inbound, done func(error)) {
	if msgs = s.hub.intake.unknown(s, msgs); len(msgs) == 0 {
		_, err := s.hub.intake.settle(&s.ctx)
		done(err)
		return
	}
	part := s.part(msgs)
	if len(part) == len(msgs) {
		s.keepPart(msgs, done)
		return
	}
	all := value.NewAck(done)
	defer all.Release(nil)
	for len(msgs) > 0 {
		part = s.part(msgs)
		msgs = msgs[len(part):]
		all.Hold()
		s.keepPart(part, all.Release)
	}
}

// part is the beginning of a delivery that is appended at once.
func (s *source) part(msgs []connector.Inbound) []connector.Inbound {
	room := min(intakePart, int(s.hub.intake.o.MaxBytes/8))
	for i := range msgs {
		if room -= recordOverhead + len(msgs[i].Payload); room < 0 {
			return msgs[:max(i, 1)]
		}
	}
	return msgs
}

// keepPart waits while the journal is full. What it does not take, because the
// disk fails, goes on without it.
func (s *source) keepPart(msgs []connector.Inbound, done func(error)) {
	in := s.hub.intake
	r := &receipt{answer: done}
	for {
		p, err := in.begin(s, msgs, r)
		switch {
		case err == nil:
			// What is in the journal goes to the rules though the source ends: a
			// checkpoint would count it as theirs.
			if s.pass(s.hub.ctx, msgs, p, r.delivered) == nil {
				in.passed(s)
			}
			return
		case !errors.Is(err, journal.ErrFull):
			in.passBy(s, msgs)
			_ = s.pass(&s.ctx, msgs, passage{}, done) // done hears of the error
			return
		case !in.awaitRoom(&s.ctx):
			done(s.ctx.Err())
			return
		}
	}
}
