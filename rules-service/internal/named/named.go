// Package named keeps the sets of properties that have a name: the
// configuration keys of sources and sinks, and connections. They come from
// files, from the environment, and from the store, where the REST API puts
// them.
package named

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
	"sluice/sqlengine/diag"
)

// Kind is what sets of properties are for.
type Kind string

// The kinds of sets.
const (
	Sources     Kind = "sources" // lookup tables too
	Sinks       Kind = "sinks"
	Connections Kind = "connections"
)

// DefaultKey is the configuration key below all others of a source type.
const DefaultKey = "default"

// ID names a set.
type ID struct {
	Kind Kind
	Type string // of the source, sink or connection
	Name string
}

func (id ID) String() string {
	if id.Kind == Connections {
		return fmt.Sprintf("connection %s of type %s", id.Name, id.Type)
	}
	return fmt.Sprintf("configuration key %s of %s %s", id.Name, strings.TrimSuffix(string(id.Kind), "s"), id.Type)
}

// documents is the kind of the stored sets.
const documents = "properties"

// Book holds all sets. It is safe for concurrent use.
type Book struct {
	registry *connector.Registry
	store    *store.Store

	mu     sync.RWMutex
	given  map[ID]map[string]any // from files and the environment
	stored map[ID]map[string]any // win over those
}

var _ connector.Named = (*Book)(nil)

// Options say where sets come from besides the store.
type Options struct {
	Dir     string   // folder with sources/, sinks/, connections/ and mqtt_source.yaml; "": none
	Environ []string // as os.Environ has it
	Log     *slog.Logger
}

// Open reads all sets.
func Open(st *store.Store, reg *connector.Registry, o Options) (*Book, error) {
	b := &Book{registry: reg, store: st, given: map[ID]map[string]any{}, stored: map[ID]map[string]any{}}
	if err := b.readFiles(o.Dir); err != nil {
		return nil, err
	}
	if err := b.readEnvironment(o.Environ); err != nil {
		return nil, err
	}
	b.warn(o.Log)
	docs, err := st.Documents(documents)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		id, props, err := parse(d)
		if err != nil {
			o.Log.Error("stored properties cannot be read", "name", d.Key, "error", err)
			continue
		}
		b.stored[id] = props
	}
	return b, nil
}

// warn tells of given properties that nobody knows; using them is refused.
func (b *Book) warn(log *slog.Logger) {
	for _, id := range slices.SortedFunc(maps.Keys(b.given), compare) {
		if err := b.checkNames(id, b.given[id]); err != nil {
			log.Warn("properties have no use", "where", id.String(), "error", err)
		}
	}
}

func compare(a, b ID) int {
	return strings.Compare(key(a), key(b))
}

func key(id ID) string { return string(id.Kind) + "/" + id.Type + "/" + id.Name }

func parse(d store.Document) (ID, map[string]any, error) {
	parts := strings.SplitN(d.Key, "/", 3)
	if len(parts) != 3 {
		return ID{}, nil, errors.New("its key is damaged")
	}
	var props map[string]any
	err := json.Unmarshal(d.Data, &props)
	return ID{Kind(parts[0]), parts[1], parts[2]}, props, err
}

// Source returns the properties of a configuration key of a source type.
func (b *Book) Source(sourceType, name string) (map[string]any, error) {
	if !strings.EqualFold(name, DefaultKey) {
		return b.Get(ID{Sources, sourceType, name})
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	props, _ := b.look(ID{Sources, b.proper(Sources, sourceType), DefaultKey})
	if props == nil {
		return map[string]any{}, nil
	}
	return maps.Clone(props), nil
}

// Sink returns the properties of a configuration key of a sink type.
func (b *Book) Sink(sinkType, name string) (map[string]any, error) {
	return b.Get(ID{Sinks, sinkType, name})
}

// Connection returns a connection by its name.
func (b *Book) Connection(name string) (connectionType string, props map[string]any, err error) {
	id, err := b.FindConnection(name)
	if err != nil {
		return "", nil, err
	}
	props, err = b.Get(id)
	return id.Type, props, err
}

// FindConnection tells the type of a connection by its name.
func (b *Book) FindConnection(name string) (ID, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, spelling := range []string{name, strings.ToLower(name)} {
		for _, typ := range b.registry.Connections() {
			id := ID{Connections, typ, spelling}
			if _, ok := b.look(id); ok {
				return id, nil
			}
		}
	}
	var names []string
	for _, id := range idsOf(b.all(), Connections) {
		if id.Name == name { // of a type that nobody knows
			return id, nil
		}
		names = append(names, id.Name)
	}
	return ID{}, unknown(ID{Kind: Connections, Name: name}, names)
}

// Get returns a set, or an error that names the nearest one. A name that has a
// capital stands for that of a file too, which is in lower case.
func (b *Book) Get(id ID) (map[string]any, error) {
	id.Type = b.proper(id.Kind, id.Type)
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, name := range []string{id.Name, strings.ToLower(id.Name)} {
		if props, ok := b.look(ID{id.Kind, id.Type, name}); ok {
			return maps.Clone(props), nil
		}
	}
	var names []string
	for known := range b.all() {
		if known.Kind == id.Kind && known.Type == id.Type {
			names = append(names, known.Name)
		}
	}
	slices.Sort(names)
	return nil, unknown(id, names)
}

func (b *Book) look(id ID) (map[string]any, bool) {
	if props, ok := b.stored[id]; ok {
		return props, true
	}
	props, ok := b.given[id]
	return props, ok
}

// all are the effective sets; mu is held.
func (b *Book) all() map[ID]map[string]any {
	all := maps.Clone(b.given)
	maps.Copy(all, b.stored)
	return all
}

// NotFound is the error of a set that is not there.
type NotFound struct{ text string }

func (e *NotFound) Error() string { return e.text }

func unknown(id ID, names []string) error {
	what := id.String()
	if id.Kind == Connections {
		what = "connection " + id.Name
	}
	if near := diag.Nearest(id.Name, names); near != "" {
		return &NotFound{fmt.Sprintf("%s is not found; did you mean %q?", what, near)}
	}
	if len(names) == 0 {
		return &NotFound{what + " is not found; there is none"}
	}
	return &NotFound{fmt.Sprintf("%s is not found; there are %s", what, strings.Join(names, ", "))}
}

// IDs lists the sets of a kind in order.
func (b *Book) IDs(kind Kind) []ID {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return idsOf(b.all(), kind)
}

// Stored lists the sets of a kind that are in the store, in order: those that
// an export holds.
func (b *Book) Stored(kind Kind) []ID {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return idsOf(b.stored, kind)
}

func idsOf(sets map[ID]map[string]any, kind Kind) []ID {
	ids := []ID{}
	for id := range sets {
		if id.Kind == kind {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compare)
	return ids
}

// proper is the registered spelling of a type.
func (b *Book) proper(kind Kind, name string) string {
	for _, known := range b.types(kind) {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return name
}

func (b *Book) types(kind Kind) []string {
	switch kind {
	case Sources:
		return append(b.registry.Sources(), b.registry.Lookups()...)
	case Sinks:
		return b.registry.Sinks()
	}
	return b.registry.Connections()
}
