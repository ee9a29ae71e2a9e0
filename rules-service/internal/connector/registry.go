package connector

import (
	"fmt"
	"strings"

	"sluice/sqlengine/diag"
)

// Registry holds the connectors of a service; a test may build its own.
type Registry struct {
	sinks   map[string]*SinkInfo
	sources map[string]*SourceInfo
	lookups map[string]*LookupInfo

	connections map[string]*ConnectionInfo
	congestion  Congestion
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{sinks: map[string]*SinkInfo{}, sources: map[string]*SourceInfo{}, lookups: map[string]*LookupInfo{},
		connections: map[string]*ConnectionInfo{}}
}

// Sink returns the sink of that type, or an error that names the nearest one.
func (r *Registry) Sink(name string) (*SinkInfo, error) {
	if i, ok := r.sinks[name]; ok {
		return i, nil
	}
	return nil, unknown("sink type", name, r.Sinks())
}

// Source returns the source of that type, in any case, or an error that names
// the nearest one.
func (r *Registry) Source(name string) (*SourceInfo, error) {
	if i, ok := folded(r.sources, name); ok {
		return i, nil
	}
	return nil, unknown("source type", name, r.Sources())
}

// folded is an entry by its name, in any case.
func folded[T any](m map[string]T, name string) (entry T, ok bool) {
	if entry, ok = m[name]; ok {
		return entry, true
	}
	for known, entry := range m {
		if strings.EqualFold(known, name) {
			return entry, true
		}
	}
	return entry, false
}

// Sinks lists the types of sinks in order.
func (r *Registry) Sinks() []string { return sortedNames(r.sinks) }

// Sources lists the types of sources in order.
func (r *Registry) Sources() []string { return sortedNames(r.sources) }

func unknown(what, name string, known []string) error {
	if n := diag.Nearest(name, known); n != "" {
		return fmt.Errorf("unknown %s %q; did you mean %q?", what, name, n)
	}
	return fmt.Errorf("unknown %s %q; there are %v", what, name, known)
}
