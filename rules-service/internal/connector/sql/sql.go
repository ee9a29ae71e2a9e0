// Package sql is the source, the lookup table and the sink for databases that
// speak SQL: PostgreSQL, MariaDB and MySQL, SQLite. Names of tables and columns
// are quoted and values are parameters, always: a name or a value is never read
// as a statement.
package sql

import "sluice/rules-service/internal/connector"

// Register adds them, and the connection of that name, to r.
func Register(r *connector.Registry) {
	registerConnection(r)
	registerSink(r)
	registerSource(r)
	registerLookup(r)
}
