package hub

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// lookupTable is a lookup table as one rule asks it: on the goroutine of the
// rule's shard.
type lookupTable struct {
	name   string
	lookup *lookup
	maker  *codec.RowMaker

	asked, found, failures atomic.Uint64
	last                   atomic.Pointer[failure]
}

// Find implements sqlengine.Lookup.
func (t *lookupTable) Find(columns []string, values []value.Value) ([]value.Row, error) {
	t.asked.Add(1)
	rows, err := t.find(columns, values)
	if err != nil {
		err = fmt.Errorf("lookup table %s: %w", t.name, err)
		t.failures.Add(1)
		t.last.Store(&failure{err.Error(), time.Now()})
		return nil, err
	}
	t.found.Add(uint64(len(rows)))
	return rows, nil
}

func (t *lookupTable) find(columns []string, values []value.Value) ([]value.Row, error) {
	found, err := t.lookup.find(columns, values)
	if err != nil {
		return nil, err
	}
	rows := make([]value.Row, 0, len(found))
	for _, fields := range found {
		row, err := t.maker.Row(fields, nil, 0)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// failure is the last question of a rule that had no answer.
type failure struct {
	text string
	time time.Time
}

// stats are the figures of the table, as an operator in front of the join.
func (t *lookupTable) stats(number int) sqlengine.OpStats {
	s := sqlengine.OpStats{Name: fmt.Sprintf("%d_%s", number, t.name), In: t.asked.Load(), Out: t.found.Load(), Exceptions: t.failures.Load()}
	if f := t.last.Load(); f != nil {
		s.LastException, s.LastExceptionTime = f.text, f.time
	}
	return s
}

// withLookups puts the lookup tables of a rule among its operators: in front of
// the join, which asks them, with its number.
func withLookups(operators []sqlengine.OpStats, tables []*lookupTable) []sqlengine.OpStats {
	join := slices.IndexFunc(operators, func(o sqlengine.OpStats) bool { return strings.HasSuffix(o.Name, "_join") })
	if join < 0 {
		return operators
	}
	var list []sqlengine.OpStats
	for _, t := range tables {
		list = append(list, t.stats(join+1))
	}
	return slices.Insert(operators, join, list...)
}

// isLookup tells of a table that is asked, not read.
func isLookup(def *sqlengine.Stream) bool {
	return def.Table && strings.EqualFold(def.Options.Kind, "lookup")
}

var lookupFields = connector.LookupFields()

// configureLookup checks the definition of a lookup table.
func (h *Hub) configureLookup(def *sqlengine.Stream) (*connector.LookupConfig, error) {
	if def.Options.SchemaID != "" {
		return nil, errors.New("SCHEMAID has no effect on a lookup table; leave it out")
	}
	info, err := h.reg.Lookup(strings.ToLower(def.Options.Type))
	if err != nil {
		return nil, err
	}
	props, _, err := h.resolve(def, slices.Concat(info.Fields, lookupFields))
	if err != nil {
		return nil, err
	}
	takesKey := slices.ContainsFunc(info.Fields, func(f connector.Field) bool { return f.Name == "key" })
	if key := def.Options.Key; key != "" && takesKey {
		props["key"] = key
	}
	return info.Decode(props, h.env)
}

// lookups are the lookup tables of a hub; guarded by Hub.mu.
type lookups struct {
	open    map[string]*lookup // by the key of their connection
	defined map[string]*lookup // by the name of the table
}

// Define keeps a lookup table connected from its definition on, until it is
// undefined or defined anew: some are filled by rules, whether another rule
// asks them already or not. Other streams and tables need nothing of the kind.
func (h *Hub) Define(def *sqlengine.Stream) error {
	if !isLookup(def) {
		h.Undefine(def.Name) // it may have been one
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return ErrClosed
	}
	l, err := h.lookup(def)
	if err != nil {
		return fmt.Errorf("table %s: %w", def.Name, err)
	}
	h.lookups.defined[def.Name].release()
	if h.lookups.defined == nil {
		h.lookups.defined = map[string]*lookup{}
	}
	h.lookups.defined[def.Name] = l
	return nil
}

// Undefine gives up what Define has kept.
func (h *Hub) Undefine(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lookups.defined[name].release()
	delete(h.lookups.defined, name)
}

// lookup finds or makes the connection of a table, for one more user.
func (h *Hub) lookup(def *sqlengine.Stream) (*lookup, error) {
	conf, err := h.configureLookup(def)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s %+v", conf.Key, conf.Common.Cache) // who wants other answers kept has its own
	l := h.lookups.open[key]
	if l == nil {
		conn, err := conf.Open()
		if err != nil {
			return nil, err
		}
		l = newLookup(h, key, conf, conn)
		if h.lookups.open == nil {
			h.lookups.open = map[string]*lookup{}
		}
		h.lookups.open[key] = l
	}
	l.users++
	return l, nil
}

// release gives up one use, and with the last one the connection; Hub.mu is
// held.
func (l *lookup) release() {
	if l == nil {
		return
	}
	if l.users--; l.users == 0 && l.hub.lookups.open[l.key] == l {
		delete(l.hub.lookups.open, l.key)
		l.stop()
	}
}

// lookupTables makes the lookup tables of a rule.
func (h *Hub) lookupTables(r *Rule) ([]*lookupTable, error) {
	var list []*lookupTable
	for _, name := range r.Query.Lookups() {
		i := slices.IndexFunc(r.Streams, func(def *sqlengine.Stream) bool { return def.Name == name })
		if i < 0 {
			releaseAll(list)
			return nil, fmt.Errorf("lookup table %s is not defined", name)
		}
		def := r.Streams[i]
		l, err := h.lookup(def)
		if err != nil {
			releaseAll(list)
			return nil, fmt.Errorf("table %s: %w", name, err)
		}
		schema := &value.Schema{Columns: r.Query.Columns(name)}
		list = append(list, &lookupTable{name: name, lookup: l, maker: codec.NewRowMaker(schema, decoderOptions(def, false))})
	}
	return list, nil
}

// answerers are the lookup tables of a rule, as its query asks them.
func answerers(list []*lookupTable) map[string]sqlengine.Lookup {
	m := make(map[string]sqlengine.Lookup, len(list))
	for _, t := range list {
		m[t.name] = t
	}
	return m
}

func releaseAll(list []*lookupTable) {
	for _, t := range list {
		t.lookup.release()
	}
}

// closeLookups ends all connections.
func (h *Hub) closeLookups() {
	for key, l := range h.lookups.open {
		delete(h.lookups.open, key)
		l.stop()
	}
}
