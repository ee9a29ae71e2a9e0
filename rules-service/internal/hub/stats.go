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
func (c *counters) since(before mark) Counts {
	now := c.read()
	now.Messages -= before.messages
	now.Rows -= before.rows
	now.Exceptions -= before.exceptions
	if now.Messages == 0 {
		now.Latency, now.LastInvocation = 0, time.Time{}
	}
	if now.Exceptions == 0 {
		now.LastException, now.LastExceptionTime = "", time.Time{}
	}
	return now
}

// counters count for all rules of a stream.
type counters struct {
	mu             sync.Mutex
	messages, rows uint64
	latency        time.Duration
	invoked        instant
	failures       *failures // nil: none yet, as with nearly all streams
}

// failures are messages that could not be decoded.
type failures struct {
	count uint64
	last  string
	time  instant
}

func (c *counters) delivered(messages, rows int, start time.Time) {
	took := time.Since(start)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages += uint64(messages)
	c.rows += uint64(rows)
	c.invoked = instantOf(start)
	c.latency = took / time.Duration(max(messages, 1))
}

func (c *counters) failed(err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures == nil {
		c.failures = &failures{}
	}
	c.failures.count++
	c.failures.last, c.failures.time = err.Error(), instantOf(now)
}

func (c *counters) read() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Counts{Messages: c.messages, Rows: c.rows, Latency: c.latency, LastInvocation: c.invoked.time()}
	if f := c.failures; f != nil {
		out.Exceptions, out.LastException, out.LastExceptionTime = f.count, f.last, f.time.time()
	}
	return out
}

func (c *counters) mark() mark {
	now := c.read()
	return mark{now.Messages, now.Rows, now.Exceptions}
}
