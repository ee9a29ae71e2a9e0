package journal

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Read returns up to n records from the offset on: fewer when they are large,
// none at the end of the log. An offset older than the log starts at its
// oldest record. Damaged records are left out and counted.
func (l *Log) Read(from Offset, n int) ([]Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	now := time.Now()
	l.expire(now)
	from = max(from, l.oldest)
	var list []Record
	room := readBytes
	for i := l.chunkOf(from); i < len(l.chunks) && len(list) < n && room > 0 && from < l.durable; i++ {
		var err error
		if list, err = l.readChunk(l.chunks[i], list, from, n, &room, now); err != nil {
			return list, fmt.Errorf("journal: %w", err)
		}
		if i+1 < len(l.chunks) {
			from = max(from, l.chunks[i+1].first)
		}
	}
	return list, nil
}

// chunkOf is the index of the chunk that may hold an offset.
func (l *Log) chunkOf(o Offset) int {
	i, found := slices.BinarySearchFunc(l.chunks, o, func(c *chunk, o Offset) int {
		switch {
		case c.first < o:
			return -1
		case c.first > o:
			return 1
		}
		return 0
	})
	if found || i == 0 {
		return i
	}
	return i - 1
}

func (l *Log) readChunk(c *chunk, list []Record, from Offset, n int, room *int, now time.Time) ([]Record, error) {
	r := newReader(c, 0, c.first)
	if c.nextOffset <= from {
		r = newReader(c, c.nextAt, c.nextOffset)
	}
	for len(list) < n && *room > 0 {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return list, err
		}
		if rec.Offset >= l.durable {
			break
		}
		if rec.Offset < from || l.tooOld(rec, now) {
			continue
		}
		rec.Payload = slices.Clone(rec.Payload)
		list = append(list, rec)
		*room -= len(rec.Payload)
		c.nextOffset, c.nextAt = rec.Offset+1, r.at
	}
	l.countDamage(c, r)
	return list, nil
}

// countDamage counts what a reader had to skip, once.
func (l *Log) countDamage(c *chunk, r *reader) {
	for _, end := range r.damages {
		if end > c.damagedTo {
			l.stats.Damaged++
			c.damagedTo = end
		}
	}
}
