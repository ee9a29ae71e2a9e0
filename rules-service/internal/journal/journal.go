// Package journal is the disk log under both ends of the rules service: the
// intake journal of sources whose messages are acknowledged once they are on
// disk, and the outgoing queue of sinks whose target is down. Both append
// records, read them in order from an offset, and drop what is done with.
//
// A log is a folder of chunk files with checksummed records. Appends are
// grouped: while one fsync is under way, what is appended waits for the next.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Offset numbers the records of a log from 0. It survives restarts and is
// never used again. Damage leaves gaps.
type Offset uint64

var (
	// ErrFull is returned by Append when the log has reached its bound in bytes
	// and refuses new records.
	ErrFull = errors.New("journal is full")
	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("journal is closed")
)

// Full is what becomes of records when a log has reached its bound in bytes.
type Full uint8

// The ways.
const (
	RefuseNewest Full = iota // Append answers ErrFull
	DropOldest               // the oldest records are dropped and counted
)

// Options describe a log. The zero value of a field other than Dir means its
// default.
type Options struct {
	Dir        string        // made when it is not there
	MaxBytes   int64         // space on disk; default 1 GiB
	MaxAge     time.Duration // records that are older are dropped and counted; default: none are
	ChunkBytes int64         // size of one file, the unit in which space is given back; default 8 MiB, at most an eighth of MaxBytes
	Full       Full
	// SyncEvery is the faster policy: Append returns when the operating system
	// has the records, which survive the end of the process, and power loss
	// costs what came since the last fsync: one follows with the first append
	// after so long, and with Close. Default: Append returns after fsync.
	SyncEvery time.Duration
	// Linger is how long a small group waits for more records before it is
	// written: fewer fsyncs where nobody waits for each. Default: it does not.
	Linger time.Duration
}

// MaxPayload is the size of the largest record.
const MaxPayload = 64 << 20

const (
	defaultMaxBytes   = 1 << 30
	defaultChunkBytes = 8 << 20
	fileMode          = 0o600   // payloads may hold what a plant keeps to itself
	readBytes         = 4 << 20 // after which Read returns what it has
)

func (o *Options) complete() {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.ChunkBytes <= 0 {
		o.ChunkBytes = defaultChunkBytes
	}
	o.ChunkBytes = max(1, min(o.ChunkBytes, o.MaxBytes/8))
}

// Stats are the figures of a log since it was opened, but for its present
// size.
type Stats struct {
	Bytes      int64  // on disk
	Records    uint64 // that are not dropped
	Overflowed uint64 // records dropped because the log was full
	Expired    uint64 // records dropped because of their age
	Damaged    uint64 // stretches of damage that were skipped
}

// Log is an append-only log on disk, bounded in bytes and age. It is safe for
// concurrent use.
type Log struct {
	o    Options
	lock *os.File
	head *os.File

	writing sync.Mutex // held while a group is written, in front of mu

	mu       sync.Mutex
	closed   bool
	chunks   []*chunk // oldest first; the last one is written
	oldest   Offset
	kept     Offset // oldest as it is on disk
	next     Offset // of the next append
	durable  Offset // records before it may be read
	pending  *commit
	underWay int64 // bytes that are being written
	leading  bool
	synced   time.Time
	stats    Stats
}

// Open opens the log in a folder, or begins one. An unfinished record at its
// end is cut off. One process at a time may have it open.
func Open(o Options) (*Log, error) {
	o.complete()
	if err := makeFolder(o.Dir); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	l := &Log{o: o, pending: newCommit()}
	if err := l.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("journal %s: %w", o.Dir, err), l.release())
	}
	return l, nil
}

func (l *Log) open() error {
	var err error
	if l.lock, err = lockFolder(l.o.Dir); err != nil {
		return err
	}
	if l.head, err = os.OpenFile(filepath.Join(l.o.Dir, "head"), os.O_RDWR|os.O_CREATE, fileMode); err != nil {
		return err
	}
	entries, err := os.ReadDir(l.o.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries { // sorted by name, and so by offset
		first, ok := chunkName(e.Name())
		if !ok {
			continue
		}
		c, err := openChunk(l.o.Dir, first)
		if err != nil {
			return err
		}
		l.chunks = append(l.chunks, c)
	}
	return l.recover()
}

// lockFolder keeps other processes out.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errors.New("another process has it open"), f.Close())
	}
	return f, nil
}

// recover finds the ends of the log.
func (l *Log) recover() error {
	head, err := readHead(l.head)
	if err != nil {
		return err
	}
	if len(l.chunks) == 0 {
		l.durable = head
		if err := l.addChunk(); err != nil {
			return err
		}
	}
	last := l.chunks[len(l.chunks)-1]
	l.next = last.first
	s, err := last.scan(func(r Record) bool {
		l.next = max(l.next, r.Offset+1)
		return true
	})
	if err != nil {
		return err
	}
	if s.end < last.size {
		if err := last.file.Truncate(s.end); err != nil {
			return err
		}
		last.size = s.end
	}
	l.next = max(l.next, head)
	l.durable = l.next
	l.oldest = min(max(head, l.chunks[0].first), l.next)
	l.kept = head
	for _, c := range l.chunks {
		l.stats.Bytes += c.size
	}
	return nil
}

// Bounds returns the offset of the oldest record and that of the next one to
// be written; they are equal when the log is empty.
func (l *Log) Bounds() (oldest, next Offset) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.oldest, l.durable
}

// Stats returns the figures of the log.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Records = uint64(l.durable - l.oldest)
	return s
}

// Close lets the group that is being written finish, fails what waits with
// ErrClosed, and closes the log.
func (l *Log) Close() error {
	waiting := &commit{}
	defer func() { waiting.tell() }()
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	waiting, l.pending = l.pending, newCommit()
	waiting.fail(ErrClosed)
	return errors.Join(l.chunks[len(l.chunks)-1].file.Sync(), l.head.Sync(), l.release())
}

// release closes all files.
func (l *Log) release() error {
	var errs []error
	for _, c := range l.chunks {
		errs = append(errs, c.file.Close())
	}
	for _, f := range []*os.File{l.head, l.lock} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}
