package exec

import (
	"fmt"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// Lookup answers for a lookup table.
type Lookup interface {
	// Find returns the rows in which each of the columns has the value that
	// stands at its place; no value is NULL. The rows have the slots of
	// Env.Schemas, and nobody may change them afterwards.
	//
	// The goroutine that drives the query waits for the answer: one that comes
	// from afar should come from a cache. It asks once for all rows of a batch
	// with the same values. An error fails the rows that asked.
	Find(columns []string, values []value.Value) ([]value.Row, error)
}

// checkLookups finds a lookup table that the host does not answer for.
func checkLookups(p *plan.Plan, lookups map[string]Lookup) error {
	for _, s := range p.Sources {
		if s.IsLookup() && lookups[s.Stream.Name] == nil {
			return fmt.Errorf("lookup table %q: nobody answers for it; set Env.Lookups", s.Stream.Name)
		}
	}
	return nil
}

// lookup asks for a table and remembers the answers for one batch.
type lookup struct {
	table   Lookup
	columns []string
	values  []value.Value // of the row that asks
	answers map[string]answer
}

type answer struct {
	rows []value.Row
	err  error
}

// find asks for the values; key tells them apart.
func (l *lookup) find(key []byte) ([]value.Row, error) {
	a, ok := l.answers[string(key)]
	if !ok {
		a.rows, a.err = l.table.Find(l.columns, l.values)
		l.answers[string(key)] = a
	}
	return a.rows, a.err
}
