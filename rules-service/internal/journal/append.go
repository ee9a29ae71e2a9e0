package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// commit is a group of appends that share one write and one fsync.
type commit struct {
	buf   []byte
	first Offset
	end   Offset // behind the last record
	done  chan struct{}
	err   error
	then  []func(error) // of Begin
}

func newCommit() *commit { return &commit{done: make(chan struct{})} }

func (c *commit) fail(err error) {
	c.err = err
	close(c.done)
}

// tell calls those who do not wait; no lock is held.
func (c *commit) tell() {
	for _, f := range c.then {
		f(c.err)
	}
}

// Append writes payloads as consecutive records and returns the offset of the
// first. When it returns without error they are on disk, or with the policy
// SyncEvery with the operating system. With an error none of them was written;
// with that of ctx they may have been, as nobody waited any more.
func (l *Log) Append(ctx context.Context, payloads ...[]byte) (first Offset, err error) {
	l.mu.Lock()
	c, first, err := l.join(payloads)
	if err != nil || len(payloads) == 0 {
		l.mu.Unlock()
		return first, err
	}
	l.lead()
	l.mu.Unlock()
	select {
	case <-c.done:
		return first, c.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// join puts payloads into the group that waits.
func (l *Log) join(payloads [][]byte) (*commit, Offset, error) {
	if l.closed {
		return nil, 0, ErrClosed
	}
	if len(payloads) == 0 {
		return nil, l.next, nil
	}
	size := int64(0)
	for _, p := range payloads {
		if len(p) > MaxPayload {
			return nil, 0, fmt.Errorf("journal: a record of %d bytes is too large: at most %d", len(p), MaxPayload)
		}
		size += headerSize + int64(len(p))
	}
	if err := l.makeRoom(size); err != nil {
		return nil, 0, err
	}
	c := l.pending
	if c.end == 0 {
		c.first, c.end = l.next, l.next
	}
	c.buf = slices.Grow(c.buf, int(size))
	first, now := l.next, time.Now()
	for _, p := range payloads {
		c.buf = appendRecord(c.buf, Record{Offset: l.next, Time: now, Payload: p})
		l.next++
	}
	c.end = l.next
	return c, first, nil
}

// makeRoom sees to it that so many more bytes keep the log within its bounds.
func (l *Log) makeRoom(size int64) error {
	if size > l.o.MaxBytes {
		return fmt.Errorf("journal: %d bytes at once are more than the log may hold: %w", size, ErrFull)
	}
	l.expire(time.Now())
	full := func() bool { return l.stats.Bytes+l.underWay+int64(len(l.pending.buf))+size > l.o.MaxBytes }
	if full() && l.o.Full == DropOldest && len(l.chunks) == 1 && l.chunks[0].size > 0 && l.next == l.durable {
		if err := l.addChunk(); err != nil { // so that the only one can be dropped
			return fmt.Errorf("journal: %w", err)
		}
	}
	for full() && l.o.Full == DropOldest && len(l.chunks) > 1 {
		l.stats.Overflowed += l.dropChunk()
	}
	if full() {
		return ErrFull
	}
	return nil
}

// lead sees to it that somebody writes the group that waits; mu is held.
func (l *Log) lead() {
	if !l.leading {
		l.leading = true
		go l.writeGroups()
	}
}

// writeGroups writes group after group until nobody waits.
func (l *Log) writeGroups() {
	for {
		l.linger()
		l.writing.Lock()
		l.mu.Lock()
		c := l.pending
		if c.end == 0 || l.closed {
			l.leading = false
			l.mu.Unlock()
			l.writing.Unlock()
			return
		}
		l.pending, l.underWay = newCommit(), int64(len(c.buf))
		last, err := l.writable()
		l.mu.Unlock()
		if err == nil {
			err = l.write(last, c)
		}
		behind := l.settle(last, c, err)
		l.writing.Unlock()
		c.tell()
		behind.tell()
	}
}

// lingerRecords make a group large enough to be written at once.
const lingerRecords = 16

func (l *Log) linger() {
	if l.o.Linger <= 0 {
		return
	}
	l.mu.Lock()
	small := l.pending.end > 0 && l.pending.end-l.pending.first < lingerRecords
	l.mu.Unlock()
	if small {
		time.Sleep(l.o.Linger)
	}
}

// writable is the chunk to write to: a new one when the last is large enough.
func (l *Log) writable() (*chunk, error) {
	last := l.chunks[len(l.chunks)-1]
	aged := l.o.MaxAge > 0 && last.size > 0 && time.Since(last.born) > l.o.MaxAge/8
	if last.size < l.o.ChunkBytes && !aged {
		return last, nil
	}
	if err := errors.Join(last.file.Sync(), l.addChunk()); err != nil {
		return nil, err
	}
	return l.chunks[len(l.chunks)-1], nil
}

// addChunk begins a new chunk. Its name is durable before a record is.
func (l *Log) addChunk() error {
	c, err := createChunk(l.o.Dir, l.durable)
	if err != nil {
		return err
	}
	if err := syncFolder(l.o.Dir); err != nil {
		return errors.Join(err, c.remove())
	}
	l.chunks = append(l.chunks, c)
	return nil
}

// makeFolder makes the folder of a log when it is not there. Its name is durable
// before a chunk is.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(dir))
}

// syncFolder makes the names of new files durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// write leaves nothing behind when it fails: what stood beyond the end would be
// taken for records after a restart.
func (l *Log) write(last *chunk, c *commit) error {
	if last.spoilt {
		if err := last.clean(); err != nil {
			return err
		}
	}
	_, err := last.file.WriteAt(c.buf, last.size)
	if now := time.Now(); err == nil && now.Sub(l.synced) >= l.o.SyncEvery {
		if err = last.file.Sync(); err == nil {
			l.synced = now
		}
	}
	if err != nil {
		return errors.Join(err, last.clean())
	}
	return nil
}

// settle tells those who wait. When a group could not be written, the one
// behind it fails as well, as its offsets would leave a gap; it is returned.
func (l *Log) settle(last *chunk, c *commit, err error) (behind *commit) {
	behind = &commit{}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underWay = 0
	if err != nil {
		err = fmt.Errorf("journal %s: append: %w", l.o.Dir, err)
		l.next = c.first
		if l.pending.end > 0 {
			behind, l.pending = l.pending, newCommit()
			behind.fail(err)
		}
		c.fail(err)
		return behind
	}
	last.size += int64(len(c.buf))
	l.stats.Bytes += int64(len(c.buf))
	l.durable = c.end
	close(c.done)
	return behind
}
