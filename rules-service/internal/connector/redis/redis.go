// Package redis is what the service does with Redis: sinks that write keys,
// lists, sets, hashes and streams or publish to channels, sources of channels
// and streams, and lookup tables.
package redis

import (
	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/connector"
)

// Register adds them to r.
func Register(r *connector.Registry) {
	silenced.Do(func() { client.SetLogger(silence{}) })
	registerSink(r)
	registerPublisher(r)
	registerSubscriber(r)
	registerStream(r)
	registerLookup(r)
}
