package hub

import (
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
)

// Stats are the figures of a running rule.
type Stats struct {
	Sources   []SourceStats
	Operators []sqlengine.OpStats
}

// SourceStats are the figures of a stream as one rule sees it: since the rule
// began.
type SourceStats struct {
	Stream       string
	Counts       Counts
	BufferLength int    // deliveries that wait for the rule's shard
	Dropped      uint64 // messages that the source could not hold, since it was opened
	Connection   Connection
	Reception    *connector.Reception // nil: the source says nothing of it
	Intake       *IntakeStats         // of the journal that its messages go to, with those of others; nil: to none
}

// Counts are the counters of a stream.
type Counts struct {
	Messages          uint64 // that came
	Rows              uint64 // that were decoded
	Latency           time.Duration
	LastInvocation    time.Time
	Exceptions        uint64 // messages that could not be decoded
	LastException     string
	LastExceptionTime time.Time
}

// Status tells how a connection is.
type Status int

// The states of a connection, with eKuiper's numbers.
const (
	Disconnected Status = -1
	Connecting   Status = 0
	Connected    Status = 1
)

// Connection tells how the connection of a source is and was.
type Connection struct {
	Status                  Status
	LastConnected           time.Time
	LastDisconnected        time.Time
	LastDisconnectedMessage string
	LastTry                 time.Time
}

// mark is where the counters stood at a moment.
type mark struct{ messages, rows, exceptions uint64 }

// since is what came after an earlier moment.
func (c Counts) since(before mark) Counts {
	c.Messages -= before.messages
	c.Rows -= before.rows
	c.Exceptions -= before.exceptions
	if c.Messages == 0 {
		c.Latency, c.LastInvocation = 0, time.Time{}
	}
	if c.Exceptions == 0 {
		c.LastException, c.LastExceptionTime = "", time.Time{}
	}
	return c
}

// counters count for all rules of a stream.
type counters struct {
	mu sync.Mutex
	t  Counts
}

func (c *counters) delivered(messages, rows int, start time.Time) {
	took := time.Since(start)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t.Messages += uint64(messages)
	c.t.Rows += uint64(rows)
	c.t.LastInvocation = start
	c.t.Latency = took / time.Duration(max(messages, 1))
}

func (c *counters) failed(err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t.Exceptions++
	c.t.LastException = err.Error()
	c.t.LastExceptionTime = now
}

func (c *counters) read() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *counters) mark() mark {
	now := c.read()
	return mark{now.Messages, now.Rows, now.Exceptions}
}
