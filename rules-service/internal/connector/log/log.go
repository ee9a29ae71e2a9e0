// Package log is the sink that writes results to the service's log.
package log

import (
	"context"
	"fmt"
	"log/slog"

	"sluice/rules-service/internal/connector"
)

// Config is the configuration of the sink.
type Config struct {
	Level string `prop:"level" doc:"Level of the line: debug, info, warn or error."`
}

// Validate checks the level.
func (c *Config) Validate() error {
	var l slog.Level
	if err := l.UnmarshalText([]byte(c.Level)); err != nil {
		return fmt.Errorf("property \"level\": %q is no level; there are debug, info, warn and error", c.Level)
	}
	return nil
}

// Register adds the sink to r.
func Register(r *connector.Registry) {
	connector.AddSink(r, connector.SinkSpec[Config]{
		Name:     "log",
		Summary:  "Writes every result to the log of the service.",
		Defaults: Config{Level: "info"},
		Example:  `{"level": "debug", "sendSingle": true}`,
		New: func(c Config, env connector.Env) (connector.Sink, error) {
			s := &sink{log: env.Log}
			return s, s.level.UnmarshalText([]byte(c.Level))
		},
	})
}

type sink struct {
	log   *slog.Logger
	level slog.Level
}

func (s *sink) Connect(context.Context) error { return nil }

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	for i := range msgs {
		s.log.Log(ctx, s.level, fmt.Sprintf("sink result for rule %s: %s", msgs[i].Rule, msgs[i].Payload))
	}
	return nil
}

func (s *sink) Close(context.Context) error { return nil }
