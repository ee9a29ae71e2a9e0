package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
)

// IntakeOptions say where the intake journal is. What durable sources bring is
// in it from its acknowledgement on until a checkpoint holds what the rules made
// of it.
type IntakeOptions struct {
	Dir       string        // "": there is none, and messages are acknowledged when the rules are done with them
	MaxBytes  int64         // on disk; a full journal holds the sources back; default 1 GiB
	SyncEvery time.Duration // see journal.Options
}

const (
	defaultIntakeBytes = 1 << 30
	intakePart         = 1 << 20          // bytes that are appended at once, at most
	recordOverhead     = 128              // of a message in the journal, about
	intakeLinger       = time.Millisecond // rows do not wait for the disk, acknowledgements may
	intakePause        = 30 * time.Second // before a disk that failed is tried again
	roomPause          = time.Second      // after which a full journal is tried again anyway
)

// IntakeStats are the figures of the intake journal.
type IntakeStats struct {
	Bytes   int64  // on disk
	Records uint64 // messages from the last checkpoint on
	Damaged uint64 // stretches and messages that could not be read, since the start

	TooLarge uint64 // messages that went on without the journal for their size
	Repeated uint64 // messages that came again and were in the journal already
	Full     bool   // sources wait for a checkpoint
	Error    string // why messages are not in the journal; "": they are
}

// intake is the journal of all sources: one, so that a group commit is for all
// of them and their messages come back in the order in which they came.
type intake struct {
	o    IntakeOptions
	log  *slog.Logger
	urge func() // asks for a checkpoint

	mu       sync.Mutex // behind stream.mu; nobody waits while it is held
	journal  *journal.Log
	next     journal.Offset // behind what was handed to the streams, or is under way to them
	underWay map[*source]passage
	passages uint64
	grown    int64 // bytes since a checkpoint was asked for
	room     chan struct{}
	full     bool
	damaged  uint64
	tooLarge uint64
	recent   recent
	repeated uint64
	done     journal.Offset // what stands in front of it is in a checkpoint
	err      error          // of the disk; nil: it works
	retry    time.Time
	begun    uint64 // appends
	answered uint64 // of them, in their order
	settling []settling
}

// settling waits for the answers to the appends up to one.
type settling struct {
	upTo uint64
	done chan struct{}
}

// passage is a delivery on its way to the streams of its source.
type passage struct {
	number uint64
	first  journal.Offset
}

func newIntake(o IntakeOptions, log *slog.Logger, urge func()) *intake {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultIntakeBytes
	}
	return &intake{o: o, log: log, urge: urge, underWay: map[*source]passage{}, room: make(chan struct{})}
}

// exists tells whether a former process has left a journal.
func (in *intake) exists() bool {
	_, err := os.Stat(in.o.Dir)
	return err == nil
}

// open opens the journal unless it is open; mu is held.
func (in *intake) open() error {
	if in.journal != nil {
		return nil
	}
	l, err := journal.Open(journal.Options{Dir: in.o.Dir, MaxBytes: in.o.MaxBytes, SyncEvery: in.o.SyncEvery, Linger: intakeLinger})
	if err != nil {
		return err
	}
	in.journal = l
	_, in.next = l.Bounds()
	return in.remember()
}

// errNotKept means that a message goes on without the journal.
var errNotKept = errors.New("the intake journal is not in use")

// begin appends messages of a source and notes that they are under way to its
// streams. r is told when they are on disk.
func (in *intake) begin(s *source, msgs []connector.Inbound, r *receipt) (passage, error) {
	records := recordsOf(s.origin, msgs)
	size := int64(0)
	for _, b := range records {
		size += int64(len(b))
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if size > min(in.o.MaxBytes/2, journal.MaxPayload) {
		in.refuse(size)
		return passage{}, errNotKept
	}
	if in.err != nil && time.Now().Before(in.retry) {
		return passage{}, errNotKept
	}
	if err := in.open(); err != nil {
		in.broken(err)
		return passage{}, errNotKept
	}
	first, err := in.journal.Begin(func(err error) { in.answer(r, err) }, records...)
	switch {
	case errors.Is(err, journal.ErrFull):
		in.fill()
		return passage{}, err
	case err != nil:
		in.broken(err)
		return passage{}, errNotKept
	}
	in.begun++
	for i := range msgs {
		in.recent.add(s.origin, &msgs[i])
	}
	in.next = first + journal.Offset(len(records))
	if in.grown += size; in.grown > in.o.MaxBytes/4 {
		in.grown = 0
		in.urge()
	}
	return in.passes(s, first), nil
}

// refuse notes that a message is too large; mu is held.
func (in *intake) refuse(size int64) {
	in.tooLarge++
	if in.tooLarge == 1 {
		in.log.Warn("a message is too large for the intake journal; such messages are acknowledged when the rules are done with them", "bytes", size)
	}
}

// passes notes a delivery; mu is held.
func (in *intake) passes(s *source, first journal.Offset) passage {
	in.passages++
	p := passage{in.passages, first}
	in.underWay[s] = p
	return p
}

// passed notes that the streams of a source have what was under way.
func (in *intake) passed(s *source) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.underWay, s)
}

// answer is called by the journal.
func (in *intake) answer(r *receipt, err error) {
	in.mu.Lock()
	switch {
	case err != nil && !errors.Is(err, journal.ErrClosed):
		in.broken(err)
	case err == nil && in.err != nil:
		in.err = nil
		in.log.Info("the intake journal works again")
	}
	in.answered++
	in.settling = slices.DeleteFunc(in.settling, func(s settling) bool {
		if s.upTo > in.answered {
			return false
		}
		close(s.done)
		return true
	})
	in.mu.Unlock()
	r.journaled(err)
}

// broken notes that the disk fails; mu is held.
func (in *intake) broken(err error) {
	if in.err == nil {
		in.log.Error("the intake journal cannot be used; messages are acknowledged when the rules are done with them, and windows may lose them in a crash",
			"folder", in.o.Dir, "error", err)
	}
	in.err, in.retry = err, time.Now().Add(intakePause)
}

// fill notes that there is no room; mu is held.
func (in *intake) fill() {
	if !in.full {
		in.full = true
		in.log.Warn("the intake journal is full; its sources wait for a checkpoint", "folder", in.o.Dir, "bytes", in.o.MaxBytes)
	}
	in.urge()
}

// awaitRoom waits until a full journal may have room; it is false when ctx ends
// first.
func (in *intake) awaitRoom(ctx context.Context) bool {
	in.mu.Lock()
	room := in.room
	in.mu.Unlock()
	timer := time.NewTimer(roomPause)
	defer timer.Stop()
	select {
	case <-room:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// settle waits until the journal has answered what was appended before, however
// much is appended meanwhile, and returns the offset in front of which all is on
// disk.
func (in *intake) settle(ctx context.Context) (journal.Offset, error) {
	in.mu.Lock()
	s := settling{upTo: in.begun, done: make(chan struct{})}
	if in.answered == in.begun {
		close(s.done)
	} else {
		in.settling = append(in.settling, s)
	}
	in.mu.Unlock()
	select {
	case <-s.done:
	case <-ctx.Done():
		in.mu.Lock()
		in.settling = slices.DeleteFunc(in.settling, func(o settling) bool { return o == s })
		in.mu.Unlock()
		return 0, fmt.Errorf("intake journal: %w", ctx.Err())
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.journal == nil {
		return in.next, nil
	}
	_, durable := in.journal.Bounds()
	return durable, nil
}

// drop forgets the messages in front of an offset.
func (in *intake) drop(before journal.Offset) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.journal == nil {
		return nil
	}
	in.done = before
	err := in.journal.Drop(in.keepRecent(before))
	close(in.room)
	in.room = make(chan struct{})
	if in.full {
		in.full = false
		in.log.Info("the intake journal has room again")
	}
	return err
}

// spoilt counts a message that cannot be read.
func (in *intake) spoilt() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.damaged++
}

func (in *intake) stats() IntakeStats {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := IntakeStats{Full: in.full, Damaged: in.damaged, TooLarge: in.tooLarge, Repeated: in.repeated}
	if in.err != nil {
		s.Error = in.err.Error()
	}
	if in.journal != nil {
		j := in.journal.Stats()
		_, next := in.journal.Bounds()
		s.Bytes, s.Records = j.Bytes, uint64(next-min(next, in.done))
		s.Damaged += j.Damaged
	}
	return s
}

func (in *intake) close() error {
	in.mu.Lock()
	l := in.journal
	in.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.Close() // tells of what it has not written, so mu is free
}
