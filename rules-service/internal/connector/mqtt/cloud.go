package mqtt

import (
	"context"
	"errors"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// cloudNote is what the docs of all clouds say.
const cloudNote = " A cloud takes one connection of a device: give all its sources and sinks the same server, credentials, keepAlive and timeout, " +
	"and they share it. Tested against a broker that checks what the interface documents; not tested against the live service."

// shaper makes of a message what a cloud takes: topic and payload, and the text
// by which its answer is known, "" when none comes.
type shaper func(m *connector.Outbound) (topic string, payload []byte, answer string, err error)

// dialect is how one kind of message of a cloud is written.
type dialect struct {
	shape   shaper
	filters []string // of its answers
	read    reader   // of one of them; nil: there are none
	qos     uint8
	step    int // messages that are under way at once; 0: all of a batch
}

// cloudSink is a sink whose messages take the shape of a cloud, and that looks
// at its answers.
type cloudSink struct {
	*sink
	dialect
	answers *answers
}

func newCloudSink(o mqttclient.Options, d dialect, pool *mqttclient.Pool, env connector.Env) *cloudSink {
	s := &sink{config: SinkConfig{QoS: d.qos}, options: o, pool: pool, log: env.Log, lost: make(chan error, 1)}
	return &cloudSink{sink: s, dialect: d, answers: newAnswers(d.read)}
}

// Connect connects, and subscribes to the answers.
func (s *cloudSink) Connect(ctx context.Context) error {
	if err := s.sink.Connect(ctx); err != nil || s.read == nil {
		return err
	}
	return s.answers.subscribe(ctx, s.client, s.filters)
}

// Close ends the subscription and the connection.
func (s *cloudSink) Close(ctx context.Context) error {
	s.answers.close()
	return s.sink.Close(ctx)
}

// Write publishes messages and then waits for the broker and for the cloud. What
// is worth another attempt holds back what is behind it.
func (s *cloudSink) Write(ctx context.Context, msgs []connector.Outbound) error {
	step := s.step
	if step == 0 {
		step = len(msgs)
	}
	v := make(connector.Verdicts, len(msgs))
	for from := 0; from < len(msgs); from += step {
		to := min(from+step, len(msgs))
		s.write(ctx, msgs[from:to], v[from:to])
		if err := v[from:to].Again(); err != nil {
			v[to:].Fill(err)
			break
		}
	}
	return v.Err()
}

// write publishes messages that are under way together.
func (s *cloudSink) write(ctx context.Context, msgs []connector.Outbound, v connector.Verdicts) {
	defer s.answers.forget()
	waiting := make([]*answer, len(msgs))
	shaped := make([]connector.Outbound, 0, len(msgs))
	at := make([]int, 0, len(msgs)) // the message of each that is shaped
	for i := range msgs {
		topic, payload, id, err := s.shape(&msgs[i])
		if err != nil {
			v[i] = &connector.Permanent{Err: err}
			continue
		}
		if id != "" && s.read != nil {
			waiting[i] = s.answers.expect(id)
		}
		shaped = append(shaped, connector.Outbound{Payload: payload, Values: map[string]string{"topic": topic}, Rule: msgs[i].Rule})
		at = append(at, i)
	}
	if len(shaped) > 0 {
		spread(s.sink.Write(ctx, shaped), at, v)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, errNoVerdict)
	defer cancel()
	for i, w := range waiting {
		if w != nil && v[i] == nil {
			v[i] = w.verdict(ctx)
		}
	}
}

// spread notes what became of messages that were written together.
func spread(err error, at []int, v connector.Verdicts) {
	var partial *connector.Partial
	switch {
	case err == nil:
	case errors.As(err, &partial):
		for _, i := range partial.Failed {
			v[at[i]] = partial.Err
		}
	default:
		for _, i := range at {
			v[i] = err
		}
	}
}

// newCloudSource subscribes to topics of a cloud.
func newCloudSource(o mqttclient.Options, filters []string, qos uint8, pool *mqttclient.Pool, env connector.Env) *source {
	return &source{options: &o, filters: filters, qos: qos, pool: pool, log: env.Log, inbox: connector.NewInbox[*mqttclient.Message]()}
}
