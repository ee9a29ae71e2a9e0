// Package journal is the disk log under both ends of the rules service: the
// intake journal of sources whose messages are acknowledged once they are on
// disk, and the outgoing queue of sinks whose target is down. Both append
// records, read them in order from an offset, and drop what is done with.
package journal

import (
	"context"
	"errors"
)

// Offset numbers the records of a log from 0 without gaps. It survives
// restarts and is never used again.
type Offset uint64

// ErrFull is returned by Append when the log has reached its bound in bytes.
var ErrFull = errors.New("journal is full")

// ErrClosed is returned by every call after Close.
var ErrClosed = errors.New("journal is closed")

// Record is one entry of a log.
type Record struct {
	Offset  Offset
	Payload []byte
}

// Log is an append-only log on disk, bounded in bytes. It is safe for
// concurrent use: one appender's fsync serves all who wait (group commit).
type Log interface {
	// Append writes payloads as consecutive records and returns the offset of
	// the first. When it returns without error they are on disk: what is
	// acknowledged afterwards survives kill -9 and power loss. With ErrFull
	// none of them was written.
	Append(ctx context.Context, payloads ...[]byte) (first Offset, err error)
	// Read returns up to n records from the offset on, fewer at the end of the
	// log, where it returns none. An offset older than the log starts at its
	// oldest record. A record that fails its checksum ends the log at start-up
	// when it is the last, an unfinished write; elsewhere it is an error.
	Read(from Offset, n int) ([]Record, error)
	// Drop forgets the records before the offset; their space is given back
	// some time later.
	Drop(before Offset) error
	// Bounds returns the offset of the oldest record and that of the next one
	// to be written; they are equal when the log is empty.
	Bounds() (oldest, next Offset)
	// Size is the space in bytes the log takes on disk.
	Size() int64
	Close() error
}
