package delivery

import "time"

// Status tells how a sink and its target are.
type Status int

// The states of a connection, with eKuiper's numbers.
const (
	Disconnected Status = -1
	Connecting   Status = 0
	Connected    Status = 1
)

// Reason is why messages are dropped.
type Reason uint8

// The reasons.
const (
	Overflow   Reason = iota // the queue in memory or on disk is full, or the message is larger than it may hold
	Expired                  // it has waited on disk longer than it may
	Poison                   // the target never takes it: it is a dead letter
	Unrendered               // a template fails, or a value cannot be encoded
	Damaged                  // its record on disk cannot be read
	Ended                    // the rule or the service has ended, and the disk did not take it
	Reasons                  // their number
)

// String is the reason as a word, for labels.
func (r Reason) String() string {
	return [...]string{"overflow", "expired", "poison", "unrendered", "damaged", "ended"}[r]
}

// SinkStats are the figures of one action of a rule.
type SinkStats struct {
	Name              string // "mqtt_0": type and index of the action
	RecordsIn         uint64 // rows that came
	RecordsOut        uint64 // messages that were written
	MessagesProcessed uint64 // results that were encoded
	ProcessLatency    time.Duration
	BufferLength      int             // messages that wait, in memory and on disk
	DiskBytes         int64           // of the queue on disk, which all actions with the same connection share
	Dropped           uint64          // messages that are lost, for all reasons
	DroppedBy         [Reasons]uint64 // the same by Reason
	LastInvocation    time.Time
	Exceptions        uint64
	LastException     string
	LastExceptionTime time.Time

	Connection              Status
	LastConnectedTime       time.Time
	LastDisconnectedTime    time.Time
	LastDisconnectedMessage string
	LastTryTime             time.Time
}

// figures are what a target counts; worker.mu guards them. There is one for
// each action of each rule, so it holds no more than it must.
type figures struct {
	recordsIn, recordsOut, processed uint64
	latency                          time.Duration
	dropped                          *[Reasons]uint64 // nil: none yet
	invoked                          int64            // nanoseconds since 1970; 0: never
	exceptions                       uint64
	last                             *exception
}

type exception struct {
	message string
	time    time.Time
}

// drop counts messages that are lost.
func (f *figures) drop(why Reason, n int) {
	if n == 0 {
		return
	}
	if f.dropped == nil {
		f.dropped = &[Reasons]uint64{}
	}
	f.dropped[why] += uint64(n)
}

func (f *figures) show(s *SinkStats) {
	s.RecordsIn, s.RecordsOut, s.MessagesProcessed = f.recordsIn, f.recordsOut, f.processed
	s.ProcessLatency, s.Exceptions = f.latency, f.exceptions
	if f.invoked != 0 {
		s.LastInvocation = time.Unix(0, f.invoked)
	}
	if f.dropped != nil {
		s.DroppedBy = *f.dropped
	}
	for _, n := range s.DroppedBy {
		s.Dropped += n
	}
	if f.last != nil {
		s.LastException, s.LastExceptionTime = f.last.message, f.last.time
	}
}

// Stats are the figures of the action.
func (t *Target) Stats() SinkStats {
	w := t.worker
	s := SinkStats{Name: t.name, DiskBytes: w.backlog.size()}
	w.mu.Lock()
	defer w.mu.Unlock()
	t.figures.show(&s)
	s.BufferLength = t.waiting() + t.inFlight + t.disk.waiting - t.disk.skip
	if t.batch != nil && t.batch.results > 0 {
		s.BufferLength++
	}
	s.Connection, s.LastTryTime = w.status, w.lastTry
	s.LastConnectedTime, s.LastDisconnectedTime, s.LastDisconnectedMessage = w.lastUp, w.lastDown, w.lastDownMessage
	return s
}
