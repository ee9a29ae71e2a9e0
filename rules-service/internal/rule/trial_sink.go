package rule

import (
	"context"

	"sluice/rules-service/internal/connector"
)

// trialConfig is the configuration of the sink of a trial.
type trialConfig struct{}

// trialRegistry knows one sink, which writes to the feed.
func trialRegistry(f *feed) *connector.Registry {
	reg := connector.NewRegistry()
	connector.AddSink(reg, connector.SinkSpec[trialConfig]{
		Name: trialSink, Summary: "Shows the results to who tries a rule.", Example: "{}",
		New: func(trialConfig, connector.Env) (connector.Sink, error) { return listeners{f}, nil },
	})
	return reg
}

// listeners are the sink of a trial.
type listeners struct{ feed *feed }

// Connect has nothing to do.
func (listeners) Connect(context.Context) error { return nil }

// Write hands on messages.
func (l listeners) Write(_ context.Context, messages []connector.Outbound) error {
	for i := range messages {
		l.feed.add(string(messages[i].Payload))
	}
	return nil
}

// Close has nothing to do.
func (listeners) Close(context.Context) error { return nil }
