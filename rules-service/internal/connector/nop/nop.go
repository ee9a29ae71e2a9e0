// Package nop is the sink that throws results away, for measuring.
package nop

import (
	"context"
	"fmt"
	"log/slog"

	"sluice/rules-service/internal/connector"
)

// Config is the configuration of the sink.
type Config struct {
	Log bool `prop:"log" doc:"Write each result to the log before it is thrown away."`
}

// Register adds the sink to r.
func Register(r *connector.Registry) {
	connector.AddSink(r, connector.SinkSpec[Config]{
		Name:    "nop",
		Summary: "Throws every result away.",
		Example: `{"log": true}`,
		New: func(c Config, env connector.Env) (connector.Sink, error) {
			if !c.Log {
				return &sink{}, nil
			}
			return &sink{log: env.Log}, nil
		},
	})
}

type sink struct{ log *slog.Logger }

func (s *sink) Connect(context.Context) error { return nil }

func (s *sink) Write(_ context.Context, msgs []connector.Outbound) error {
	if s.log == nil {
		return nil
	}
	for i := range msgs {
		s.log.Info(fmt.Sprintf("rule %s: %s", msgs[i].Rule, msgs[i].Payload))
	}
	return nil
}

func (s *sink) Close(context.Context) error { return nil }
