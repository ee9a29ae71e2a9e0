package rule

import (
	"maps"
	"slices"
	"sync"

	"sluice/rules-service/internal/store"
	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// catalog holds the streams: what is parsed of them, and their text as it was
// sent. It is what queries are compiled against.
type catalog struct {
	mu      sync.RWMutex
	streams map[string]entry
	sorted  []string // their names; nil: to be made
	// changed hears of each stream that was put in, or, without a definition,
	// taken out; nil: nobody needs to know.
	changed func(name string, def *sqlengine.Stream)
}

type entry struct {
	def *sqlengine.Stream
	sql string
}

// save stores the stream; one that is temporary is taken out of the store.
func (e entry) save(tx *store.Tx) error {
	if e.def.Options.Temp {
		return tx.DeleteStream(e.def.Name)
	}
	return tx.PutStream(store.Stream{Name: e.def.Name, SQL: e.sql})
}

func newCatalog() *catalog { return &catalog{streams: map[string]entry{}} }

// Stream returns the stream or table of that name.
func (c *catalog) Stream(name string) (*sqlengine.Stream, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, ok := c.streams[name]
	return e.def, ok
}

// Names lists all streams and tables in order.
func (c *catalog) Names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sorted == nil {
		c.sorted = slices.Sorted(maps.Keys(c.streams))
	}
	return slices.Clone(c.sorted)
}

// entry is a stream with the statement that defined it; empty when there is
// none.
func (c *catalog) entry(name string) entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.streams[name]
}

func (c *catalog) put(def *sqlengine.Stream, sql string) {
	c.mu.Lock()
	c.streams[def.Name], c.sorted = entry{def, sql}, nil
	c.mu.Unlock()
	c.tell(def.Name, def)
}

func (c *catalog) delete(name string) {
	c.mu.Lock()
	delete(c.streams, name)
	c.sorted = nil
	c.mu.Unlock()
	c.tell(name, nil)
}

func (c *catalog) tell(name string, def *sqlengine.Stream) {
	if c.changed != nil {
		c.changed(name, def)
	}
}

func (c *catalog) notFound(kind Kind, name string) error { return notFound(c, kind, name) }

func notFound(cat sqlengine.Catalog, kind Kind, name string) error {
	others := slices.DeleteFunc(cat.Names(), func(other string) bool { return other == name }) // it may be one of the other kind
	return &NotFound{kind, name, diag.Nearest(name, others)}
}

// draft is the catalog as it would be after changes.
type draft struct {
	*catalog
	changed map[string]*sqlengine.Stream // nil: it goes
}

// Stream returns the stream of that name, as it would be.
func (d draft) Stream(name string) (*sqlengine.Stream, bool) {
	if def, ok := d.changed[name]; ok {
		return def, def != nil
	}
	return d.catalog.Stream(name)
}

// Names lists all streams and tables that there would be, in order.
func (d draft) Names() []string {
	names := slices.DeleteFunc(d.catalog.Names(), func(name string) bool {
		_, changed := d.changed[name]
		return changed
	})
	for name, def := range d.changed {
		if def != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// changes tells whether a stream is another one in the draft.
func (d draft) changes(name string) bool {
	_, changed := d.changed[name]
	return changed
}
