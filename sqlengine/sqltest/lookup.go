package sqltest

import (
	"fmt"
	"slices"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// lookupPrefix begins the name of a section with the rows of a lookup table.
const lookupPrefix = "lookup "

// parseLookups reads the rows that each lookup table answers with.
func (c *Case) parseLookups(cat streams) (map[string][]object, error) {
	tables := map[string][]object{}
	for _, s := range c.archive.sections {
		name, ok := strings.CutPrefix(s.name, lookupPrefix)
		if !ok {
			continue
		}
		src := source{file: c.file, line: s.line + 1, text: s.text}
		if err := checkLookup(cat, name); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", c.file, s.line, err)
		}
		tables[name] = []object{}
		for at, line := range src.lines() {
			rows, err := parseObjects(line)
			if err != nil {
				return nil, src.wrap(at, err)
			}
			tables[name] = append(tables[name], rows...)
		}
	}
	return tables, nil
}

func checkLookup(cat streams, name string) error {
	table, ok := cat[name]
	if !ok {
		return cat.unknown(name)
	}
	if !isLookup(table) {
		return fmt.Errorf(`%s is no lookup table; it takes CREATE TABLE %s … WITH (…, KIND="lookup")`, name, name)
	}
	return nil
}

func isLookup(s *sqlengine.Stream) bool { return s.Table && s.Options.Kind == "lookup" }

// checkLookups finds a lookup table of the query that has no rows.
func (p *player) checkLookups() error {
	for _, name := range p.query.Streams() {
		if _, ok := p.lookups[name]; isLookup(p.streams[name]) && !ok {
			return fmt.Errorf("the query asks the lookup table %s; give its rows in a section -- lookup %s --", name, name)
		}
	}
	return nil
}

// parseObjects reads the objects of a line.
func parseObjects(line string) ([]object, error) {
	s := newScanner(line, 0)
	var list []object
	for s.rest() != "" {
		x, err := s.next()
		if err != nil {
			return nil, fmt.Errorf("the row is no JSON: %w", err)
		}
		o, ok := x.(object)
		if !ok {
			return nil, fmt.Errorf("a row is an object, not %s", typeName(x))
		}
		list = append(list, o)
	}
	return list, nil
}

// table answers for a lookup table with the rows of its section.
type table struct {
	keys, rows Decoder // of the columns that are asked for, and of those that the query reads
	content    []object
}

// Find implements sqlengine.Lookup.
func (t *table) Find(columns []string, values []value.Value) ([]value.Row, error) {
	keys := t.keys
	for _, name := range columns {
		keys.Columns = append(keys.Columns, value.Column{Name: name})
	}
	var found []value.Row
	for _, o := range t.content {
		key, err := keys.row(o, object{})
		if err != nil {
			return nil, err
		}
		if !slices.EqualFunc(key, values, value.Equal) {
			continue
		}
		cols, err := t.rows.row(o, object{})
		if err != nil {
			return nil, err
		}
		found = append(found, value.Row{Cols: cols})
	}
	return found, nil
}
