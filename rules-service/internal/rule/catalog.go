package rule

import (
	"maps"
	"slices"
	"sync"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// catalog holds the streams: what is parsed of them, and their text as it was
// sent. It is what queries are compiled against.
type catalog struct {
	mu      sync.RWMutex
	streams map[string]entry
}

type entry struct {
	def *sqlengine.Stream
	sql string
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
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Sorted(maps.Keys(c.streams))
}

// text is the statement that defined a stream.
func (c *catalog) text(name string) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.streams[name].sql
}

func (c *catalog) put(def *sqlengine.Stream, sql string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams[def.Name] = entry{def, sql}
}

func (c *catalog) delete(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, name)
}

func (c *catalog) notFound(kind Kind, name string) error {
	return &NotFound{kind, name, diag.Nearest(name, c.Names())}
}

// with is the catalog with one stream as it would be: for trying a change.
type with struct {
	*catalog
	def *sqlengine.Stream
}

// Stream returns the stream of that name, as it would be.
func (w with) Stream(name string) (*sqlengine.Stream, bool) {
	if name == w.def.Name {
		return w.def, true
	}
	return w.catalog.Stream(name)
}
