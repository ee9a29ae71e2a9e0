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

// SinkStats are the figures of one action of a rule.
type SinkStats struct {
	Name              string // "mqtt_0": type and index of the action
	RecordsIn         uint64 // rows that came
	RecordsOut        uint64 // messages that were written
	MessagesProcessed uint64 // results that were encoded
	ProcessLatency    time.Duration
	BufferLength      int // messages that wait
	Dropped           uint64
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
