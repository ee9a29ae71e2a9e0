// Package edgex is the source of events on the EdgeX message bus, and the sinks
// that publish events there and send set commands to devices.
package edgex

import (
	"strings"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/rules-service/internal/connector"
)

// Bus are the settings that the service has from EdgeX's configuration;
// credentials are in Optional.
type Bus struct {
	config.MessageBusInfo
	Metadata string // address of core-metadata, for the owners of devices
	Command  string // address of core-command
}

// Register adds the source and the sinks to r.
func Register(r *connector.Registry, bus Bus) {
	registerSource(r, bus)
	registerSink(r, bus)
	registerCommand(r, bus)
	registerConnection(r, bus)
}

func (b Bus) config() types.MessageBusConfig {
	return types.MessageBusConfig{Broker: types.HostInfo{Host: b.Host, Port: b.Port, Protocol: b.Protocol}, Type: b.Type, Optional: b.Optional}
}

// topic is below the prefix of the bus.
func (b Bus) topic(levels ...string) string {
	return strings.Join(append([]string{b.GetBaseTopicPrefix()}, levels...), "/")
}
