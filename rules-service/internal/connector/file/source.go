package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// What Read returns at once, at most.
const (
	readAtOnce      = 256
	readAtOnceBytes = 256 << 10
)

// source reads one file after the other. All but Reception belongs to the
// goroutine that reads.
type source struct {
	config SourceConfig
	files  connector.Files
	log    *slog.Logger
	place  string // the folder, or the file
	many   bool   // it is a folder
	moveTo string

	seen    map[string]stamp // files that were read
	bad     map[string]bool  // of them, those that could not be read to their end
	open    map[string]*reading
	settled settled
	queue   []entry
	now     *reading
	round   time.Time // of the next reading; zero: the first one
	begun   bool      // a reading
	failure error     // of the last file

	pacer   pacer
	holding bool // a record that is not due yet
	held    []byte
	heldAt  time.Time
	arena   []byte
	ends    []int
	out     []connector.Inbound

	mu        sync.Mutex
	reception connector.Reception
}

func newSource(c SourceConfig, env connector.Env) (connector.Source, error) {
	s := &source{config: c, files: env.Files, log: env.Log, seen: map[string]stamp{}, bad: map[string]bool{}, open: map[string]*reading{},
		settled: settled{wake: make(chan struct{}, 1)}, pacer: pacer{pause: c.SendInterval, speed: c.ReplaySpeed}}
	var err error
	if s.place, err = env.Files.Path(c.place()); err != nil {
		return nil, err
	}
	if c.ActionAfterRead == moveFile {
		if s.moveTo, err = env.Files.Path(c.MoveTo); err != nil {
			return nil, fmt.Errorf("property \"moveTo\": %w", err)
		}
		if filepath.Clean(s.moveTo) == filepath.Clean(s.folder()) {
			return nil, errMoveIntoItself
		}
	}
	s.reception.Topic = s.place
	return s, nil
}

var errMoveIntoItself = errors.New(`property "moveTo": it is the folder that is read; files must be moved elsewhere`)

// folder is where the files are.
func (s *source) folder() string {
	if s.many || s.config.many() {
		return s.place
	}
	return filepath.Dir(s.place)
}

// Connect finds out whether there is something to read.
func (s *source) Connect(context.Context) error {
	info, err := os.Stat(s.place)
	switch {
	case err != nil:
		return err
	case s.config.many() && !info.IsDir():
		return fmt.Errorf("%s is no folder", s.place)
	}
	s.many = info.IsDir()
	if s.moveTo != "" {
		if filepath.Clean(s.moveTo) == filepath.Clean(s.folder()) {
			return errMoveIntoItself
		}
		if err := os.MkdirAll(s.moveTo, 0o750); err != nil {
			return fmt.Errorf("property \"moveTo\": %w", err)
		}
	}
	return nil
}

// Read implements connector.Source.
func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if s.now == nil {
			if err := s.openNext(ctx); err != nil {
				return nil, nil, err
			}
		}
		if s.now == nil {
			continue // it could not be opened
		}
		of := s.now
		if err := s.fill(ctx); err != nil {
			return nil, nil, err
		}
		var ack func(error)
		if len(s.out) > 0 {
			ack = of.ack(s)
		}
		if s.now != of && s.open[of.path] == of {
			of.release(s, nil) // it was read to its end
		}
		if len(s.out) > 0 {
			return s.out, ack, nil
		}
	}
}

// openNext waits for the next file and opens it.
func (s *source) openNext(ctx context.Context) error {
	for len(s.queue) == 0 {
		if err := s.await(ctx); err != nil {
			return err
		}
		list, err := s.list()
		if err != nil {
			return err
		}
		s.queue, s.begun, s.failure = list, true, nil
		s.round = time.Now().Add(s.config.Interval)
		s.pacer.restart()
	}
	if err := s.finishAll(); err != nil {
		return err
	}
	e := s.queue[0]
	s.queue = s.queue[1:]
	if _, err := s.files.Path(e.path); err != nil {
		s.spoil(e, err)
		return nil
	}
	in, err := openInput(e.path, &s.config)
	if err != nil {
		s.spoil(e, err)
		return nil
	}
	records, err := newRecords(in, &s.config)
	if err != nil {
		return errors.Join(err, in.Close())
	}
	s.now = &reading{entry: e, in: in, records: records, meta: meta{e.path}, holds: 1}
	delete(s.bad, e.path)
	s.seen[e.path] = e.stamp
	return nil
}

// await waits for the next reading, and meanwhile finishes files that the rules
// are done with.
func (s *source) await(ctx context.Context) error {
	var next <-chan time.Time
	if once := s.config.Interval == 0; !once || !s.begun {
		timer := time.NewTimer(time.Until(s.round))
		defer timer.Stop()
		next = timer.C
	}
	for {
		if err := s.finishAll(); err != nil {
			return err
		}
		if next == nil && len(s.open) == 0 {
			return s.end()
		}
		select {
		case <-s.settled.wake:
		case <-next:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// end is the end of a source that reads once, with what went wrong.
func (s *source) end() error {
	if s.failure != nil {
		return fmt.Errorf("%w: %w", connector.ErrEndOfInput, s.failure)
	}
	return connector.ErrEndOfInput
}

// fill reads what is due of the present file, or waits for it.
func (s *source) fill(ctx context.Context) error {
	s.arena, s.ends = s.arena[:0], s.ends[:0]
	of := s.now
	for len(s.ends) < readAtOnce && len(s.arena) < readAtOnceBytes && s.now != nil {
		if !s.holding && !s.take() {
			continue
		}
		if s.holding {
			wait := s.pacer.due(s.heldAt)
			if wait > 0 && len(s.ends) > 0 {
				break
			}
			if wait > 0 {
				if err := sleep(ctx, wait); err != nil {
					return err
				}
			}
			s.arena = append(s.arena, s.held...)
			s.holding = false
		}
		s.ends = append(s.ends, len(s.arena))
		s.pacer.sent()
	}
	s.gather(of)
	return nil
}

// paced tells whether records wait for their time.
func (s *source) paced() bool { return s.pacer.pause > 0 || s.config.ReplayField != "" }

// take reads a record; false: there is none. One that may have to wait is held.
func (s *source) take() bool {
	start := len(s.arena)
	payload, at, err := s.now.records.next(s.arena)
	if err != nil {
		s.stumble(err)
		return false
	}
	s.arena = payload
	if s.paced() {
		s.held, s.heldAt, s.holding = append(s.held[:0], payload[start:]...), at, true
		s.arena = s.arena[:start]
	}
	return true
}

// stumble goes on behind what cannot be read, or ends the file.
func (s *source) stumble(err error) {
	var wrong *skipped
	switch {
	case errors.As(err, &wrong):
		s.ignore("lines that cannot be read", fmt.Errorf("%s: %w", s.now.path, err))
	case errors.Is(err, io.EOF):
		s.closeFile(nil)
	default:
		s.closeFile(err)
	}
}

// gather makes the messages of what was read.
func (s *source) gather(of *reading) {
	clear(s.out)
	s.out = s.out[:0]
	now, start := time.Now(), 0
	for _, end := range s.ends {
		s.out = append(s.out, connector.Inbound{Payload: s.arena[start:end:end], Meta: of.meta, Time: now})
		start = end
	}
	if len(s.out) > 0 {
		s.mu.Lock()
		s.reception.LastTopic = of.path
		s.mu.Unlock()
	}
}

// closeFile ends the reading of the present file, because of err unless it was
// read to its end.
func (s *source) closeFile(err error) {
	r := s.now
	s.now = nil
	if e := r.in.Close(); e != nil && err == nil {
		err = e
	}
	if err != nil {
		s.spoil(r.entry, err)
		return // the file stays where it is, for somebody to look at
	}
	if s.config.ActionAfterRead != keepFile {
		s.open[r.path] = r
	}
}

// spoil notes that a file cannot be read, until it changes.
func (s *source) spoil(e entry, err error) {
	s.failure = fmt.Errorf("file %s: %w", e.path, err)
	s.seen[e.path], s.bad[e.path] = e.stamp, true
	s.ignore("files that cannot be read to their end", s.failure)
	s.log.Warn("a file cannot be read to its end", "file", e.path, "error", err)
}

// ignore counts what was left out.
func (s *source) ignore(reason string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reception.Ignored == nil {
		s.reception.Ignored = map[string]uint64{}
	}
	s.reception.Ignored[reason]++
	s.reception.LastIgnored = err.Error()
}

// Reception tells what was read.
func (s *source) Reception() connector.Reception {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.reception
	r.Ignored = make(map[string]uint64, len(s.reception.Ignored))
	for reason, n := range s.reception.Ignored {
		r.Ignored[reason] = n
	}
	return r
}

// Close closes the file that is open.
func (s *source) Close(context.Context) error {
	_ = s.finishAll() // what is not finished is read again
	if s.now == nil {
		return nil
	}
	err := s.now.in.Close()
	s.now = nil
	return err
}

// meta answers meta(file).
type meta struct{ path string }

func (m meta) Get(key string) value.Value {
	if key == "file" {
		return value.OfString(m.path)
	}
	return value.Missing
}

func (m meta) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"file"}, []value.Value{m.Get("file")}))
}
