package rule

import (
	"sync"

	"sluice/sqlengine"
)

// mostHints is how many names a misspelt one is compared with. With more there
// are no hints: thousands of rules may be wrong at once, as after streams were
// lost, and each would be compared with thousands of streams.
const mostHints = 500

// hinted is a catalog that stays as it is, with the names for hints.
type hinted struct {
	sqlengine.Catalog
	names func() []string
}

func withHints(cat sqlengine.Catalog) hinted {
	return hinted{cat, sync.OnceValue(func() []string {
		if names := cat.Names(); len(names) <= mostHints {
			return names
		}
		return nil
	})}
}

// Names are those that hints are made of.
func (h hinted) Names() []string { return h.names() }
