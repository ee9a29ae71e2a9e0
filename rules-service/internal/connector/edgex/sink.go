package edgex

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	commonDTO "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/fxamacker/cbor/v2"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
)

// SinkConfig is the configuration of the sink.
type SinkConfig struct {
	Address
	Topic       connector.Template `prop:"topic" doc:"Topic to publish to, with its prefix; application when neither topic nor topicPrefix is given."`
	TopicPrefix connector.Template `prop:"topicPrefix" doc:"Publish to topicPrefix/profileName/deviceName/sourceName of the event; not together with topic. core-data keeps what comes below edgex/events/device, such as edgex/events/device/rules-service; a stream without a topic of its own reads that again, so its rules must leave such events out."`
	ContentType string             `prop:"contentType" doc:"application/json; with messageType request also application/cbor. Requests with bytes in them are CBOR always, as EdgeX wants it."`
	MessageType string             `prop:"messageType" doc:"event: a bare event; request: an AddEventRequest, which core-data and app services want."`
	DeviceName  connector.Template `prop:"deviceName" doc:"Device of the event, where its metadata has none."`
	ProfileName connector.Template `prop:"profileName" doc:"Profile of the event, where its metadata has none."`
	SourceName  connector.Template `prop:"sourceName" doc:"Source of the event, where its metadata has none; the id of the rule when empty."`
	Metadata    string             `prop:"metadata" doc:"Column with meta(*) of the event that the result comes from: its ids, names, origins, tags, value types and media types are used again. The column itself is not sent. core-data refuses an event with an id that it has."`
}

// Validate checks what the types cannot say.
func (c *SinkConfig) Validate() error {
	err := errors.Join(c.Address.validate(), checkMessageType(c.MessageType), checkTopicProperty("topic", c.Topic), checkTopicProperty("topicPrefix", c.TopicPrefix))
	if c.Topic != "" && c.TopicPrefix != "" {
		err = errors.Join(err, errors.New("topic and topicPrefix exclude each other; leave one out"))
	}
	switch {
	case c.ContentType == common.ContentTypeJSON:
	case c.ContentType == common.ContentTypeCBOR && c.MessageType == messageRequest:
	case c.ContentType == common.ContentTypeCBOR:
		err = errors.Join(err, errors.New(`property "contentType": application/cbor goes with messageType request; events are application/json`))
	default:
		err = errors.Join(err, fmt.Errorf(`property "contentType": there are application/json and application/cbor, not %q`, c.ContentType))
	}
	return err
}

// checkTopicProperty leaves templates to each message.
func checkTopicProperty(name string, topic connector.Template) error {
	if topic == "" || strings.Contains(string(topic), "{{") {
		return nil
	}
	if err := checkTopic(string(topic)); err != nil {
		return fmt.Errorf("property %q: %w", name, err)
	}
	return nil
}

func checkTopic(topic string) error {
	switch {
	case topic == "":
		return errors.New("the topic is empty")
	case strings.ContainsAny(topic, "#+"):
		return fmt.Errorf("%q cannot be published to; + and # are for subscriptions", topic)
	case strings.ContainsAny(topic, " \t\r\n\x00") || !utf8.ValidString(topic):
		return fmt.Errorf("%q cannot be published to; a topic is text without blanks", topic)
	}
	return nil
}

func registerSink(r *connector.Registry, bus Bus) {
	connector.AddSink(r, connector.SinkSpec[SinkConfig]{
		Name:    "edgex",
		Summary: "Publishes each result as an event on the EdgeX message bus: its columns are the readings. The bus keeps nothing for who does not listen, but for NATS JetStream.",
		Defaults: SinkConfig{ContentType: common.ContentTypeJSON, MessageType: messageEvent,
			DeviceName: "ekuiper", ProfileName: "ekuiperProfile"},
		Example: `{"topicPrefix": "edgex/events/device/rules-service", "messageType": "request", "deviceName": "{{.device}}", "profileName": "Alarms", "sendSingle": true}`,
		Rows:    true,
		// A Template that is not set is not in the Values of a message.
		Key: func(c SinkConfig) string {
			return fmt.Sprint(c.Topic == "", c.TopicPrefix == "", c.DeviceName == "", c.ProfileName == "", c.SourceName == "")
		},
		Target: func(c SinkConfig) string {
			b := c.Address.on(bus)
			return b.Type + " " + address(b.Broker)
		},
		New: func(c SinkConfig, env connector.Env) (connector.Sink, error) {
			return &sink{config: c, bus: c.Address.on(bus), log: env.Log, lost: make(chan error, 1),
				maker: maker{column: c.Metadata, now: func() int64 { return time.Now().UnixNano() }}}, nil
		},
	})
}

// sink publishes events one after the other.
type sink struct {
	config SinkConfig
	bus    types.MessageBusConfig
	log    *slog.Logger
	maker  maker
	link   *link
	lost   chan error
	warned bool // of columns that could not be written
}

func (s *sink) Connect(ctx context.Context) error {
	if s.link != nil {
		s.link.close()
		s.link = nil
	}
	lost := make(chan error, 1)
	l, err := connect(ctx, s.bus, nil, func(types.MessageEnvelope) {}, noteLoss(lost))
	if err != nil {
		return err
	}
	s.link, s.lost = l, lost
	return nil
}

// Lost tells of the end of the connection, where the bus does.
func (s *sink) Lost() <-chan error { return s.lost }

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	if s.link == nil {
		return connector.ErrNotConnected
	}
	var failed []int
	var wrong error
	for i := range msgs {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := s.compose(&msgs[i])
		switch {
		case err != nil:
			failed, wrong = append(failed, i), err
			continue
		case p == nil:
			continue
		}
		if err := s.link.client.Publish(p.envelope, p.topic); err != nil {
			return s.interrupted(failed, i, len(msgs), fmt.Errorf("publish to %s: %w", p.topic, err))
		}
	}
	if err := s.link.flush(ctx); err != nil {
		return s.connectionLost(err) // nobody knows what has arrived
	}
	if len(failed) > 0 {
		return &connector.Partial{Failed: failed, Err: &connector.Permanent{Err: wrong}}
	}
	return nil
}

// interrupted is the error of a batch that was published up to message i. NATS
// core tells of none.
func (s *sink) interrupted(failed []int, i, all int, err error) error {
	err = s.connectionLost(err)
	if isNATS(s.bus) {
		return err
	}
	for ; i < all; i++ {
		failed = append(failed, i)
	}
	return &connector.Partial{Failed: failed, Err: err}
}

func (s *sink) connectionLost(err error) error {
	return fmt.Errorf("%w: message bus at %s: %w", connector.ErrConnectionLost, s.link.address, err)
}

// publication is a message for the bus.
type publication struct {
	envelope types.MessageEnvelope
	topic    string
}

// compose makes the event of a result; nil: nothing is in it. Its errors are
// permanent.
func (s *sink) compose(m *connector.Outbound) (*publication, error) {
	rows, err := codec.ParseRows(m.Payload)
	if err != nil {
		return nil, err
	}
	c := &s.config
	e, correlation, unfit := s.maker.event(rows, names{device: m.Value("deviceName", string(c.DeviceName)),
		profile: m.Value("profileName", string(c.ProfileName)), source: cmp.Or(m.Value("sourceName", string(c.SourceName)), m.Rule)})
	if len(e.Readings) == 0 {
		return nil, unfit
	}
	s.warn(m.Rule, unfit)
	topic, err := s.topic(m, &e)
	if err != nil {
		return nil, err
	}
	payload, contentType, err := s.encode(e)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return &publication{topic: topic, envelope: types.MessageEnvelope{Versionable: commonDTO.NewVersionable(),
		CorrelationID: correlation, ContentType: contentType, Payload: payload}}, nil
}

// warn tells of columns that are left out, once until a result is whole again.
func (s *sink) warn(rule string, unfit error) {
	if unfit != nil && !s.warned {
		s.log.Warn("columns are left out of an event", "rule", rule, "error", unfit)
	}
	s.warned = unfit != nil
}

// plain escapes what a name must not bring into a topic.
var plain = strings.NewReplacer("/", "%2F", "#", "%23", "+", "%2B", " ", "%20")

func (s *sink) topic(m *connector.Outbound, e *dtos.Event) (string, error) {
	topic := m.Value("topic", string(s.config.Topic))
	if prefix := m.Value("topicPrefix", string(s.config.TopicPrefix)); topic == "" && prefix != "" {
		topic = strings.Join([]string{prefix, plain.Replace(e.ProfileName), plain.Replace(e.DeviceName), plain.Replace(e.SourceName)}, "/")
	}
	topic = cmp.Or(topic, "application")
	return topic, checkTopic(topic)
}

func (s *sink) encode(e dtos.Event) (payload []byte, contentType string, err error) {
	if s.config.MessageType != messageRequest {
		payload, err = json.Marshal(e)
		return payload, common.ContentTypeJSON, err
	}
	r := requests.NewAddEventRequest(e)
	if s.config.ContentType == common.ContentTypeCBOR {
		payload, err = cbor.Marshal(r)
		return payload, common.ContentTypeCBOR, err
	}
	return r.Encode()
}

func (s *sink) Close(ctx context.Context) error {
	l := s.link
	s.link = nil
	return l.end(ctx)
}
