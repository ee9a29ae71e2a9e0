package connector

import (
	"errors"
	"fmt"
	"time"
)

// LookupSpec declares a kind of lookup table; C is as in SourceSpec.
type LookupSpec[C any] struct {
	Name     string
	Summary  string
	Defaults C
	Example  string
	New      func(C, Env) (Lookup, error)
	// Key adds to what makes two tables share one lookup: see SinkSpec.
	Key func(C) string
}

// LookupInfo is a LookupSpec without its type.
type LookupInfo struct {
	Name, Summary, Example string
	Fields                 []Field
	Decode                 func(props map[string]any, env Env) (*LookupConfig, error)
}

// LookupConfig is a checked configuration; nothing is open yet.
type LookupConfig struct {
	Type     string
	Key      string // equal for tables that share one Lookup
	Common   LookupCommon
	Warnings []string
	Open     func() (Lookup, error)
}

// LookupCommon are the properties that every lookup table has: package hub acts
// on them.
type LookupCommon struct {
	Cache LookupCache `prop:"lookup" doc:"Cache of answers: {\"cache\": true, \"cacheTtl\": \"10s\", \"cacheMissingKey\": false}."`
}

// LookupCache says how long answers are kept.
type LookupCache struct {
	On      bool          `prop:"cache" doc:"Keep answers."`
	TTL     time.Duration `prop:"cacheTtl" doc:"How long; 0: as long as the table is used."`
	Missing bool          `prop:"cacheMissingKey" doc:"Keep also that there is no row."`
}

// Validate checks what the types cannot say.
func (c *LookupCommon) Validate() error {
	if c.Cache.TTL < 0 {
		return errors.New(`property "lookup.cacheTtl" must not be negative`)
	}
	return nil
}

// AddLookup registers a kind of lookup table; it panics as AddSink does.
func AddLookup[C any](r *Registry, s LookupSpec[C]) {
	if _, ok := r.lookups[s.Name]; ok {
		panic("lookup " + s.Name + " is declared twice")
	}
	r.lookups[s.Name] = &LookupInfo{
		Name: s.Name, Summary: s.Summary, Example: s.Example, Fields: fieldsOf(s.Defaults),
		Decode: func(props map[string]any, env Env) (*LookupConfig, error) {
			out := &LookupConfig{Type: s.Name}
			d := decoder{warnings: &out.Warnings}
			c := s.Defaults // decoding replaces lists and maps as a whole
			if err := d.decode(props, &c, &out.Common, nil); err != nil {
				return nil, fmt.Errorf("lookup table %s: %w", s.Name, err)
			}
			out.Key = keyOf(s.Name, &c, s.Key)
			out.Open = func() (Lookup, error) { return s.New(c, env) }
			if references(c) {
				out.Open = func() (Lookup, error) { return lateLookup{newLate(c, env, s.New)}, nil }
			}
			return out, nil
		},
	}
}

// Lookup returns the kind of lookup table of that name, in any case, or an error
// that names the nearest one.
func (r *Registry) Lookup(name string) (*LookupInfo, error) {
	if i, ok := folded(r.lookups, name); ok {
		return i, nil
	}
	return nil, unknown("type of lookup table", name, r.Lookups())
}

// Lookups lists the kinds of lookup tables in order.
func (r *Registry) Lookups() []string { return sortedNames(r.lookups) }

// LookupFields documents the properties that every lookup table has.
func LookupFields() []Field { return fieldsOf(LookupCommon{}) }
