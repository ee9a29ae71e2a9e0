// Package file reads files as sources and writes results into files.
package file

import "sluice/rules-service/internal/connector"

// Register adds the source and the sink to r.
func Register(r *connector.Registry) {
	registerSource(r)
	registerSink(r)
}

// What a file holds.
const (
	typeJSON  = "json"
	typeLines = "lines"
	typeCSV   = "csv"
)
