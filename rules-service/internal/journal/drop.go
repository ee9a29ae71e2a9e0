package journal

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Drop forgets the records before the offset; their space is given back chunk
// by chunk.
func (l *Log) Drop(before Offset) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.oldest = max(l.oldest, min(before, l.durable))
	// Space first: on a full disk the head may find none before.
	if err := errors.Join(l.trim(), l.keepHead()); err != nil {
		return fmt.Errorf("journal: drop: %w", err)
	}
	return nil
}

// keepHead writes the head unless it is on disk as it is.
func (l *Log) keepHead() error {
	if l.kept == l.oldest {
		return nil
	}
	if err := writeHead(l.head, l.oldest); err != nil {
		return err
	}
	l.kept = l.oldest
	return nil
}

// trim deletes the chunks in front of the oldest record.
func (l *Log) trim() error {
	for len(l.chunks) > 1 && l.chunks[1].first <= l.oldest {
		if err := l.removeFirst(); err != nil {
			return err
		}
	}
	if last := l.chunks[0]; len(l.chunks) == 1 && l.oldest == l.next && last.size >= l.o.ChunkBytes/2 {
		if err := l.addChunk(); err != nil {
			return err
		}
		return l.removeFirst()
	}
	return nil
}

func (l *Log) removeFirst() error {
	c := l.chunks[0]
	l.chunks = slices.Delete(l.chunks, 0, 1)
	l.stats.Bytes -= c.size
	return c.remove()
}

// expire drops the chunks all of whose records are too old.
func (l *Log) expire(now time.Time) {
	if l.o.MaxAge <= 0 {
		return
	}
	for len(l.chunks) > 1 && now.Sub(l.chunks[1].born) > l.o.MaxAge {
		l.stats.Expired += l.dropChunk()
	}
}

// tooOld drops a record, and all in front of it, when it has come of age.
func (l *Log) tooOld(r Record, now time.Time) bool {
	if l.o.MaxAge <= 0 || now.Sub(r.Time) <= l.o.MaxAge {
		return false
	}
	if r.Offset >= l.oldest {
		l.stats.Expired += uint64(r.Offset + 1 - l.oldest)
		l.oldest = r.Offset + 1
	}
	return true
}

// dropChunk drops the oldest chunk and returns how many records go with it.
func (l *Log) dropChunk() uint64 {
	from := l.oldest
	l.oldest = max(l.oldest, l.chunks[1].first)
	dropped := uint64(l.oldest - from)
	// What cannot be written or deleted now is dropped again after a restart.
	_ = l.keepHead()
	_ = l.removeFirst()
	return dropped
}
