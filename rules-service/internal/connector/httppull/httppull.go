// Package httppull asks HTTP servers: as a source at an interval, as a lookup
// table when a rule wants to know.
package httppull

import (
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// Register adds the source and the lookup table to r.
func Register(r *connector.Registry) {
	shared := &clients{pool: httpclient.NewPool()}
	registerSource(r, shared)
	registerLookup(r, shared)
}
