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
	v := make(verdicts, len(msgs))
	for from := 0; from < len(msgs); from += step {
		to := min(from+step, len(msgs))
		s.write(ctx, msgs[from:to], v[from:to])
		if err := v[from:to].again(); err != nil {
			for i := to; i < len(msgs); i++ {
				v[i] = err
			}
			break
		}
	}
	return v.error()
}

// write publishes messages that are under way together.
func (s *cloudSink) write(ctx context.Context, msgs []connector.Outbound, v verdicts) {
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
		v.add(s.sink.Write(ctx, shaped), at)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.options.Timeout, errNoVerdict)
	defer cancel()
	for i, w := range waiting {
		if w != nil && v[i] == nil {
			v[i] = w.verdict(ctx)
		}
	}
}

// verdicts are what became of each message of a batch.
type verdicts []error

// add notes what became of messages that were written together.
func (v verdicts) add(err error, at []int) {
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

// again is the first error that is worth another attempt, or nil.
func (v verdicts) again() error {
	for _, err := range v {
		var permanent *connector.Permanent
		if err != nil && !errors.As(err, &permanent) {
			return err
		}
	}
	return nil
}

// error is the whole as Write tells it: an error that is worth another attempt
// covers those that are not, which then fail again.
func (v verdicts) error() error {
	err := v.again()
	var failed []int
	for i, e := range v {
		if e == nil {
			continue
		}
		failed = append(failed, i)
		if err == nil {
			err = e
		}
	}
	if len(failed) == 0 || len(failed) == len(v) {
		return err
	}
	return &connector.Partial{Failed: failed, Err: err}
}

// newCloudSource subscribes to topics of a cloud.
func newCloudSource(o mqttclient.Options, filters []string, qos uint8, pool *mqttclient.Pool, env connector.Env) *source {
	return &source{options: &o, filters: filters, qos: qos, pool: pool, log: env.Log, inbox: connector.NewInbox[*mqttclient.Message]()}
}
