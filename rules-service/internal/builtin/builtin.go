// Package builtin is the table of contents: the connectors of the service.
package builtin

import (
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/connector/log"
	"sluice/rules-service/internal/connector/memory"
	"sluice/rules-service/internal/connector/mqtt"
	"sluice/rules-service/internal/connector/nop"
	"sluice/rules-service/internal/connector/rest"
	"sluice/rules-service/internal/connector/simulator"
)

// Registry returns a registry with all of them.
func Registry(bus edgex.Bus) *connector.Registry {
	r := connector.NewRegistry()
	edgex.Register(r, bus)
	log.Register(r)
	memory.Register(r)
	mqtt.Register(r)
	nop.Register(r)
	rest.Register(r)
	simulator.Register(r)
	return r
}
