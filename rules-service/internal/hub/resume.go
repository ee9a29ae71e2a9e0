package hub

import (
	"cmp"
	"errors"
	"slices"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
)

// ErrHeld is returned by Cut before the end of a replay.
var ErrHeld = errors.New("the intake journal is being replayed")

// held is a hub whose sources wait for Resume.
type held struct {
	from Moment
	late []late // rules whose state is of a later moment
	goes bool   // the replay has begun
	cut  bool   // it was cut short
}

type late struct {
	rule  *Attachment
	after journal.Offset
}

// delays tells whether a rule comes in during the replay only.
func (h *held) delays(after journal.Offset) bool {
	return h != nil && !h.goes && after > h.from.lowest()
}

// KeepIntake gives the hub an intake journal. It is called before the first
// rule is attached. exists tells whether a former process has left one.
func (h *Hub) KeepIntake(o IntakeOptions) (exists bool) {
	if o.Dir == "" {
		return false
	}
	h.intake = newIntake(o, h.env.Log, h.urge)
	return h.intake.exists()
}

// urge asks for a checkpoint soon.
func (h *Hub) urge() {
	select {
	case h.urgent <- struct{}{}:
	default:
	}
}

// Urgent has a token when a checkpoint is wanted before its time.
func (h *Hub) Urgent() <-chan struct{} { return h.urgent }

// Journals tells whether the messages of any source go to the intake journal.
func (h *Hub) Journals() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sources {
		if s.journals() {
			return true
		}
	}
	return false
}

// Intake are the figures of the intake journal.
func (h *Hub) Intake() IntakeStats {
	if h.intake == nil {
		return IntakeStats{}
	}
	return h.intake.stats()
}

// Hold makes rules that are attached wait for Resume: their sources do not
// connect, and for the rules it is still the moment of a former checkpoint.
func (h *Hub) Hold(from Moment) {
	h.mu.Lock()
	h.held = &held{from: from}
	h.mu.Unlock()
	for _, s := range h.shards {
		s.call(func() { s.held, s.clock = true, from.Clock })
	}
}

// Resume gives the rules what is in the intake journal from the moment on, with
// its times of arrival, and then lets the sources connect. The channel is
// closed when they may.
func (h *Hub) Resume() <-chan struct{} {
	live := make(chan struct{})
	h.mu.Lock()
	held := h.held
	if held == nil {
		h.mu.Unlock()
		close(live)
		return live
	}
	held.goes = true
	slices.SortStableFunc(held.late, func(a, b late) int { return cmp.Compare(a.after, b.after) })
	r := &replay{hub: h, from: held.from, late: held.late, sources: map[origin]*source{}}
	for _, s := range h.sources {
		r.sources[s.origin] = s
	}
	h.mu.Unlock()
	h.work.Go(func() {
		defer close(live)
		r.run()
		h.release()
	})
	return live
}

// release lets time pass, and the sources connect.
func (h *Hub) release() {
	for _, s := range h.shards {
		s.queue.put(item{step: func() { s.held = false }})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held.cut || h.ctx.Err() != nil {
		return // it stays held: what was not replayed must come again
	}
	h.held = nil
	for _, s := range h.sources {
		s.start()
	}
}

// replay gives the rules again what came after a moment.
type replay struct {
	hub     *Hub
	from    Moment
	late    []late
	sources map[origin]*source
	spoilt  bool
}

// replayAtOnce is how many records are read at a time.
const replayAtOnce = 256

func (r *replay) run() {
	in := r.hub.intake
	if in != nil && in.exists() {
		if err := r.records(in); err != nil {
			in.log.Error("the intake journal cannot be replayed; what the last process had not finished is lost", "folder", in.o.Dir, "error", err)
		}
	}
	for _, l := range r.late {
		l.rule.join()
	}
}

func (r *replay) records(in *intake) error {
	in.mu.Lock()
	err := in.open()
	log := in.journal
	in.mu.Unlock()
	if err != nil {
		return err
	}
	oldest, end := log.Bounds()
	in.begins(r.from.lowest())
	r.from.Next = min(r.from.Next, end) // of another journal, if it is beyond this one
	at, n := max(oldest, r.from.lowest()), 0
	for r.hub.ctx.Err() == nil {
		records, err := log.Read(at, replayAtOnce)
		if err != nil && len(records) == 0 {
			return err
		}
		if len(records) == 0 {
			break
		}
		for rest := records; len(rest) > 0; {
			rest = rest[r.step(in, rest):]
		}
		at = records[len(records)-1].Offset + 1
		n += len(records)
	}
	if n > 0 {
		in.log.Info("the intake journal was replayed", "messages", n)
	}
	return nil
}

// step gives the streams of one source what records begin with, and returns how
// many of them that are.
func (r *replay) step(in *intake, records []journal.Record) int {
	for len(r.late) > 0 && r.late[0].after <= records[0].Offset {
		r.late[0].rule.join()
		r.late = r.late[1:]
	}
	var msgs []connector.Inbound
	var of origin
	n := 0
	for ; n < len(records) && (n == 0 || !r.turns(records[n].Offset)); n++ {
		from, m, err := parseInbound(records[n].Payload)
		if err != nil {
			r.complain(in, err)
			continue
		}
		if len(msgs) > 0 && from != of {
			break
		}
		of = from
		msgs = append(msgs, m)
	}
	if s := r.sources[of]; s != nil && len(msgs) > 0 {
		r.give(s, records[0].Offset, msgs)
	}
	return n
}

// turns tells whether something changes in front of a record.
func (r *replay) turns(o journal.Offset) bool {
	if o == r.from.Next || len(r.late) > 0 && o == r.late[0].after {
		return true
	}
	for _, b := range r.from.Behind {
		if o == b {
			return true
		}
	}
	return false
}

// give hands messages to the streams that have not had them.
func (r *replay) give(s *source, first journal.Offset, msgs []connector.Inbound) {
	s.mu.Lock()
	streams := s.streams
	s.mu.Unlock()
	for _, st := range streams {
		from, ok := r.from.Behind[st.def.Name]
		if !ok {
			from = r.from.Next
		}
		if first >= from {
			_ = st.deliver(&s.ctx, msgs, 0, nil) // it fails but by the end of the source
		}
	}
}

func (r *replay) complain(in *intake, err error) {
	in.spoilt()
	if !r.spoilt {
		r.spoilt = true
		in.log.Error("a message in the intake journal is damaged; the others are replayed", "error", err)
	}
}

// closeIntake closes the journal once nothing writes to it any more.
func (h *Hub) closeIntake() error {
	if h.intake == nil {
		return nil
	}
	return h.intake.close()
}
