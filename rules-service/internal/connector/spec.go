package connector

import (
	"fmt"
	"maps"
	"slices"
)

// Template is a property that may hold {{…}}: it is evaluated for each
// message and reaches the sink in Outbound.Values. A property of another type
// must not hold a template.
type Template string

// SinkSpec declares a sink. C is its configuration: a struct whose fields have
// the tags prop (the property's name; ",required") and doc. When *C has the
// method Validate() error, it is asked as well.
type SinkSpec[C any] struct {
	Name     string
	Summary  string
	Defaults C
	Example  string // JSON object of properties; a test loads it
	// New makes a sink and opens nothing: Connect does.
	New func(C, Env) (Sink, error)
	// Batch is the number of messages that Write takes at most; 0: many.
	Batch int
	// Connectionless is set by a sink whose Connect reaches nobody, as with
	// HTTP: it is connected once a Write has succeeded.
	Connectionless bool
	// Rows is set by a sink that takes rows instead of bytes in a format: the
	// payload of each message is one result, to be read by codec.ParseRows.
	Rows bool
	// Key adds to what makes two actions one sink. Without it they are one
	// when all properties that are no Templates are equal and the same Templates
	// are set: then they share a worker and Sink, and their Templates come with
	// each message. A sink
	// whose target depends on a Template adds it here.
	Key func(C) string
	// Target is where the sink writes to, without secrets, for the log. A sink
	// whose errors always say it leaves it out.
	Target func(C) string
}

// SourceSpec declares a source. C is as in SinkSpec; the DATASOURCE of the
// stream comes as the property "datasource".
type SourceSpec[C any] struct {
	Name     string
	Summary  string
	Defaults C
	Example  string
	// Format is set by a source whose messages have a format of their own,
	// whatever FORMAT says.
	Format string
	// FormatOf is Format where the configuration decides; "" leaves it to the
	// stream.
	FormatOf func(C) string
	// Types reads the device models that the configuration names; nil, or nil
	// without an error: there are none.
	Types func(C, Env) (Types, error)
	New   func(C, Env) (Source, error)
	// Key adds to what makes two streams share one source: see SinkSpec.
	Key func(C) string
	// Group names the connection of a source that is a Notifier, secrets
	// included: one goroutine reads all sources of a group.
	Group func(C) string
	// Durable tells whether the transport keeps, while the service is away, what
	// was not acknowledged. Then what was acknowledged must not be lost either:
	// it goes to the intake journal first.
	Durable func(C) bool
	// Finite tells whether the source ends by itself: a table that it fills is
	// loaded before the streams begin.
	Finite func(C) bool
	// Inner is set by a source of what rules of the service write: see
	// Congestion.
	Inner bool
}

// SinkInfo is a SinkSpec without its type: for the registry, the API, docs.
type SinkInfo struct {
	Name, Summary, Example string
	Fields                 []Field // own properties; Common has the others
	Decode                 func(props map[string]any, env Env) (*SinkConfig, error)
}

// SourceInfo is a SourceSpec without its type.
type SourceInfo struct {
	Name, Summary, Example string
	Format                 string
	Inner                  bool // see SourceSpec; the sink of that name writes what it reads
	Fields                 []Field
	AllFields              []Field // with those that every source has
	Decode                 func(props map[string]any, env Env) (*SourceConfig, error)
}

// SinkConfig is a checked configuration; nothing is open yet.
type SinkConfig struct {
	Type      string
	Key       string // equal for actions that share one Sink
	Target    string // where it writes to, without secrets; may be ""
	Batch     int    // messages that Write takes at most; 0: many
	Common    SinkCommon
	Templates map[string]string // Template properties by name, headers as "headers.Name"
	Warnings  []string
	Open      func() (Sink, error)

	Connectionless bool // Connect reaches nobody
	Rows           bool // messages are rows: see SinkSpec

	Connection string // the named connection that it is on; "" when none
}

// SourceConfig is a checked configuration; nothing is open yet.
type SourceConfig struct {
	Type     string
	Key      string // equal for streams that share one Source
	Format   string // "" when the stream's FORMAT counts
	Common   SourceCommon
	Durable  bool // see SourceSpec
	Inner    bool // see SourceSpec
	Finite   bool // see SourceSpec
	Warnings []string

	Connection string // the named connection that it is on, set by who resolved it
	Group      string // equal for sources of one connection, a digest; "": see SourceSpec
	Open       func() (Source, error)
	Types      func() (Types, error) // of device models; nil: the source has none
}

// AddSink registers a sink. It panics on a duplicate or an undocumented
// property: both are mistakes of the programmer, seen by every test.
func AddSink[C any](r *Registry, s SinkSpec[C]) {
	if _, ok := r.sinks[s.Name]; ok {
		panic("sink " + s.Name + " is declared twice")
	}
	own := fieldsOf(s.Defaults)
	all := slices.Concat(own, SinkFields())
	r.sinks[s.Name] = &SinkInfo{
		Name: s.Name, Summary: s.Summary, Example: s.Example, Fields: own,
		Decode: func(props map[string]any, env Env) (*SinkConfig, error) {
			out := &SinkConfig{Type: s.Name, Batch: s.Batch, Connectionless: s.Connectionless, Rows: s.Rows, Common: defaultSinkCommon}
			c, err := s.decode(props, all, env, out)
			if err != nil {
				return nil, fmt.Errorf("sink %s: %w", s.Name, err)
			}
			out.Templates = templatesOf(&c)
			maps.DeleteFunc(out.Templates, func(_, text string) bool { return refersTo(text) }) // they never reach a queue
			out.Key = keyOf(s.Name, &c, s.Key)
			if s.Target != nil {
				out.Target = s.Target(c)
			}
			out.Open = func() (Sink, error) { return s.New(c, env) }
			if references(c) {
				out.Open = func() (Sink, error) { return lateSink{newLate(c, env, s.New)}, nil }
			}
			return out, nil
		},
	}
}

// decode reads the own properties, and those that every sink has into out. all
// are both.
func (s *SinkSpec[C]) decode(props map[string]any, all []Field, env Env, out *SinkConfig) (c C, err error) {
	if props, out.Connection, err = resolveSink(s.Name, props, all, env.Named); err != nil {
		return c, err
	}
	if len(env.SinkDefaults) > 0 {
		props = Merge(all, env.SinkDefaults, props)
	}
	c = s.Defaults // decoding replaces lists and maps as a whole
	if err := (decoder{warnings: &out.Warnings}).decode(props, &c, &out.Common, retiredSinkProperties); err != nil {
		return c, err
	}
	if a, ok := any(&c).(Adjuster); ok {
		err = a.Adjust(&out.Common)
	}
	return c, err
}

// AddSource registers a source; it panics as AddSink does.
func AddSource[C any](r *Registry, s SourceSpec[C]) {
	if _, ok := r.sources[s.Name]; ok {
		panic("source " + s.Name + " is declared twice")
	}
	own := fieldsOf(s.Defaults)
	r.sources[s.Name] = &SourceInfo{
		Name: s.Name, Summary: s.Summary, Example: s.Example, Format: s.Format, Inner: s.Inner, Fields: own, AllFields: slices.Concat(own, SourceFields()),
		Decode: func(props map[string]any, env Env) (*SourceConfig, error) {
			out := &SourceConfig{Type: s.Name, Format: s.Format, Inner: s.Inner, Common: defaultSourceCommon}
			d := decoder{warnings: &out.Warnings}
			c := s.Defaults // decoding replaces lists and maps as a whole
			if err := d.decode(props, &c, &out.Common, nil); err != nil {
				return nil, fmt.Errorf("source %s: %w", s.Name, err)
			}
			out.Key = keyOf(s.Name, &c, s.Key)
			if s.FormatOf != nil {
				out.Format = s.FormatOf(c)
			}
			out.Durable = s.Durable != nil && s.Durable(c)
			out.Finite = s.Finite != nil && s.Finite(c)
			if s.Group != nil {
				out.Group = digest(s.Name, s.Group(c))
			}
			if s.Types != nil {
				out.Types = func() (Types, error) { return s.Types(c, env) }
			}
			out.Open = func() (Source, error) { return s.New(c, env) }
			if references(c) {
				out.Open = func() (Source, error) { return newLateSource(c, env, s.New), nil }
			}
			return out, nil
		},
	}
}

// sortedNames returns the keys of m in order.
func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
