// Package connector defines sources and sinks, and the registry that knows them.
//
// A connector moves bytes and nothing else: decoding, templates, encoding,
// batching, rates, retry, queues on disk and metrics are done once, around it,
// by the packages hub and delivery.
package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/sqlengine/value"
)

// ErrNotConnected makes the caller call Connect again, with back-off.
var ErrNotConnected = errors.New("not connected")

// ErrConnectionLost is ErrNotConnected of a Write whose messages were under
// way: one of them may be why the target closed the connection.
var ErrConnectionLost = fmt.Errorf("%w any more", ErrNotConnected)

// ErrEndOfInput ends a source for good: a file was read to its end.
var ErrEndOfInput = errors.New("end of input")

// Permanent marks an error that no retry will mend.
type Permanent struct{ Err error }

func (p *Permanent) Error() string { return p.Err.Error() }
func (p *Permanent) Unwrap() error { return p.Err }

// RetryAfter marks an error of a target that said when to come again.
type RetryAfter struct {
	Err   error
	After time.Duration
}

func (r *RetryAfter) Error() string { return r.Err.Error() }
func (r *RetryAfter) Unwrap() error { return r.Err }

// Partial is returned by Write when some messages of the batch failed.
type Partial struct {
	Failed []int // indexes into the batch, ascending
	Err    error
}

func (p *Partial) Error() string { return fmt.Sprintf("%d messages: %v", len(p.Failed), p.Err) }
func (p *Partial) Unwrap() error { return p.Err }

// Inbound is a payload that came in, with what the transport says about it. A
// source of rows gives them in the form of codec.AppendRows and declares the
// Format "rows".
type Inbound struct {
	Payload []byte
	Meta    Meta // nil when the transport has none
	Time    time.Time
	// ID is what the transport calls a message until it is acknowledged; 0: it
	// has no name. Again marks one that it delivers once more.
	ID    uint16
	Again bool
}

// Meta answers what meta(key) asks of a message. It is read on demand, so a
// transport does no work for keys that no rule names.
type Meta interface {
	Get(key string) value.Value // value.Missing for a key it has not
	All() value.Value           // all keys as one STRUCT
}

// Source brings messages in, in the order in which the transport has them. Its
// methods are called by one goroutine. It may be connected again after
// ErrNotConnected.
type Source interface {
	Connect(context.Context) error
	// Read blocks until messages are there, ctx ends or the connection is
	// lost, and returns all that are there. They are valid until the next
	// Read. ack, nil when the transport needs none, is called once with nil
	// when all rules are done with them or they are on disk, or with an error
	// to have them delivered again. ErrNotConnected: call Connect again.
	Read(ctx context.Context) (msgs []Inbound, ack func(error), err error)
	// Close ends the connection; it may be called twice.
	Close(context.Context) error
}

// Outbound is a payload to be written. Properties of the sink that held
// templates are evaluated for each message, in Values by property name. A sink
// that declares Rows gets what codec.ParseRows reads.
type Outbound struct {
	Payload []byte
	Values  map[string]string // by property; nil when the sink has no Templates
	Rule    string            // the rule that sends it
}

// Value returns the evaluated property, or the configured text where it held
// no template.
func (m *Outbound) Value(name, configured string) string {
	if v, ok := m.Values[name]; ok {
		return v
	}
	return configured
}

// Sink brings messages out. Its methods are called by one goroutine.
type Sink interface {
	Connect(context.Context) error
	// Write blocks until the batch is delivered or has failed: with
	// ErrNotConnected, *Permanent, *Partial, *RetryAfter, or another error,
	// which asks for a retry. It must not keep msgs.
	Write(ctx context.Context, msgs []Outbound) error
	// Close ends the connection; it may be called twice.
	Close(context.Context) error
}

// Monitored is a Sink that tells of the end of its connection between two
// Writes: an idle sink is connected again before it is needed, and its status
// is right.
type Monitored interface {
	// Lost gets the reason when the connection that Connect made has ended.
	Lost() <-chan error
}

// Lookup answers for a lookup table. Find may be called by several goroutines
// at once.
type Lookup interface {
	Connect(context.Context) error
	// Find returns the rows in which each of the columns has the value that
	// stands at its place; no value is NULL. Rules wait for it. ErrNotConnected:
	// call Connect again.
	Find(ctx context.Context, columns []string, values []value.Value) ([]*value.Fields, error)
	// Close ends the connection; it may be called twice.
	Close(context.Context) error
}

// Named knows the sets of properties that have a name: configuration keys of
// sources and sinks, and connections.
type Named interface {
	// Source returns the properties of a configuration key of a source type. The
	// key "default" always exists.
	Source(sourceType, key string) (map[string]any, error)
	// Sink returns those of a sink type, as resourceId names them.
	Sink(sinkType, key string) (map[string]any, error)
	// Connection returns the properties of a connection, as connectionSelector
	// names it.
	Connection(id string) (connectionType string, props map[string]any, err error)
}

// Schemas are the messages of the schema registry. Their shape is that of
// codec.Schemas.
type Schemas interface {
	// Message finds a message by a schemaId such as "schema.Message".
	Message(id string) (protoreflect.MessageDescriptor, error)
	// Changes counts the changes of the registry.
	Changes() uint64
}

// Env is what a connector gets from the service.
type Env struct {
	Log *slog.Logger
	// Secret returns a value of the service's secret store.
	Secret func(name, key string) (string, error)
	// Named are the properties that have a name; nil: there are none.
	Named Named
	// SinkDefaults are properties that actions have unless they set them; nil:
	// there are none.
	SinkDefaults map[string]any
	// Schemas are the messages of the schema registry; nil: there is none.
	Schemas Schemas
	// AESKey returns the key of encryption and decryption; nil: there is none.
	AESKey func() ([]byte, error)
	// Files says which files may be read and written.
	Files Files
	// Listen says where sources that are servers can be reached.
	Listen Listen
	// Positions keeps how far sources have come; nil: they begin anew.
	Positions Positions
}
