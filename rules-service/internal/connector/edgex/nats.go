package edgex

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/nats-io/nats.go"

	"sluice/rules-service/internal/connector"
)

// natsClient is a client of a NATS bus with the settings and the messages of
// EdgeX's own. That one connects again by itself without a word: then messages
// were lost, what was published in between may be lost, and a subscription to
// JetStream may be gone. This one ends with its connection, and tells.
type natsClient struct {
	config types.MessageBusConfig
	errors chan<- error
	conn   *nats.Conn
	js     nats.JetStreamContext // nil: NATS core
}

func isNATS(c types.MessageBusConfig) bool {
	return strings.EqualFold(c.Type, messaging.NatsCore) || strings.EqualFold(c.Type, messaging.NatsJetStream)
}

func (n *natsClient) text(key string) string { return n.config.Optional[key] }

func (n *natsClient) isSet(key string) bool {
	b, err := strconv.ParseBool(n.text(key))
	return err == nil && b
}

func (n *natsClient) number(key string, otherwise int) int {
	if i, err := strconv.Atoi(n.text(key)); err == nil {
		return i
	}
	return otherwise
}

// tell hands on an error unless many come at once.
func (n *natsClient) tell(err error) {
	select {
	case n.errors <- err:
	default:
	}
}

func (n *natsClient) Connect() error {
	options, err := n.options()
	if err != nil {
		return err
	}
	scheme := "nats://"
	if n.secure() {
		scheme = "tls://"
	}
	if n.conn, err = nats.Connect(scheme+address(n.config.Broker), options...); err != nil {
		return err
	}
	if !strings.EqualFold(n.config.Type, messaging.NatsJetStream) {
		return nil
	}
	if n.js, err = n.conn.JetStream(); err == nil && n.isSet("AutoProvision") {
		err = n.provision()
	}
	if err != nil {
		n.conn.Close()
	}
	return err
}

func (n *natsClient) options() ([]nats.Option, error) {
	out := []nats.Option{
		nats.NoReconnect(), nats.Name(n.text("ClientId")), nats.Timeout(time.Duration(n.number("ConnectTimeout", 5)) * time.Second),
		nats.PingInterval(10 * time.Second), // as often as MQTT clients of EdgeX
		// This one must not be dropped: nothing follows it.
		nats.ClosedHandler(func(c *nats.Conn) { n.errors <- cmp.Or(c.LastError(), nats.ErrConnectionClosed) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { n.tell(err) }),
	}
	if user := n.text("Username"); user != "" {
		out = append(out, nats.UserInfo(user, n.text("Password")))
	}
	if file := n.text("CredentialsFile"); file != "" {
		out = append(out, nats.UserCredentials(file))
	}
	if file := n.text("NKeySeedFile"); file != "" {
		o, err := nats.NkeyOptionFromSeed(file)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	if !n.secure() {
		return out, nil
	}
	block := func(key string) string { return base64.StdEncoding.EncodeToString([]byte(n.text(key))) }
	t := connector.TLS{InsecureSkipVerify: n.isSet("SkipCertVerify"),
		CertificationPath: n.text("CertFile"), PrivateKeyPath: n.text("KeyFile"), RootCAPath: n.text("CaFile"),
		CertificationRaw: block("CertPEMBlock"), PrivateKeyRaw: connector.Secret(block("KeyPEMBlock")), RootCARaw: block("CaPEMBlock")}
	config, err := t.Config()
	return append(out, nats.Secure(config)), err
}

// secure tells whether TLS is asked for: by the protocol or by certificates.
func (n *natsClient) secure() bool {
	switch strings.ToLower(n.config.Broker.Protocol) {
	case "tls", "ssl", "tcps":
		return true
	}
	return cmp.Or(n.text("CertFile"), n.text("CertPEMBlock"), n.text("CaFile"), n.text("CaPEMBlock")) != ""
}

var toSubject = strings.NewReplacer("/", ".", "+", "*", "#", ">")

// streamName is that of EdgeX's clients for the subjects of a stream.
func streamName(subject string) string {
	return strings.TrimSuffix(strings.NewReplacer(".", "_", "*", "", ">", "").Replace(subject), "_")
}

// passing is c for what is worth nothing later, as answers are. A durable
// consumer is for one topic alone, and its stream has its name.
func passing(c types.MessageBusConfig) types.MessageBusConfig {
	if !isNATS(c) || c.Optional["Durable"] == "" {
		return c
	}
	c.Optional = maps.Clone(c.Optional)
	for _, key := range []string{"Durable", "Subject", "AutoProvision"} {
		delete(c.Optional, key)
	}
	return c
}

// provision makes the stream unless it exists.
func (n *natsClient) provision() error {
	subject := toSubject.Replace(n.text("Subject"))
	if subject == "" {
		return errors.New(`AutoProvision wants a Subject, such as "edgex/#"`)
	}
	name := cmp.Or(strings.TrimSpace(n.text("Durable")), streamName(subject))
	_, err := n.js.StreamInfo(name)
	if errors.Is(err, nats.ErrStreamNotFound) {
		_, err = n.js.AddStream(&nats.StreamConfig{Name: name, Subjects: []string{subject}})
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", name, err)
	}
	return nil
}

func (n *natsClient) Subscribe(topics []types.TopicChannel, _ chan error) error {
	for _, t := range topics {
		if err := n.subscribe(t); err != nil {
			return err
		}
	}
	return n.conn.FlushTimeout(10 * time.Second) // a refusal is here now
}

func (n *natsClient) subscribe(t types.TopicChannel) error {
	subject, group := toSubject.Replace(t.Topic), n.text("QueueGroup")
	handle := func(m *nats.Msg) {
		e, err := n.envelope(m)
		if err != nil {
			n.tell(err)
		} else {
			t.Messages <- e
		}
		if n.js == nil {
			return
		}
		acknowledge := m.Ack
		if n.isSet("ExactlyOnce") {
			acknowledge = m.AckSync
		}
		if err := acknowledge(); err != nil {
			n.tell(err)
		}
	}
	var err error
	if n.js == nil {
		_, err = n.conn.QueueSubscribe(subject, group, handle)
		return err
	}
	options := []nats.SubOpt{nats.AckExplicit(), n.deliver()}
	if durable := strings.TrimSpace(n.text("Durable")); durable != "" {
		options = append(options, nats.Durable(durable))
	} else if subject := n.text("Subject"); subject != "" {
		options = append(options, nats.BindStream(streamName(toSubject.Replace(subject))))
	}
	_, err = n.js.QueueSubscribe(subject, group, handle, options...)
	return err
}

func (n *natsClient) deliver() nats.SubOpt {
	switch strings.ToLower(n.text("Deliver")) {
	case "all":
		return nats.DeliverAll()
	case "last":
		return nats.DeliverLast()
	case "lastpersubject":
		return nats.DeliverLastPerSubject()
	}
	return nats.DeliverNew()
}

// Unsubscribe does nothing: Disconnect ends all, and what is durable stays.
func (n *natsClient) Unsubscribe(...string) error { return nil }

func (n *natsClient) Disconnect() error {
	if n.conn != nil {
		n.conn.Close()
	}
	return nil
}

func (n *natsClient) Publish(e types.MessageEnvelope, topic string) error {
	m, err := n.message(e, topic)
	if err != nil {
		return err
	}
	if n.js == nil {
		return n.conn.PublishMsg(m)
	}
	_, err = n.js.PublishMsg(m, nats.RetryAttempts(n.number("DefaultPubRetryAttempts", nats.DefaultPubRetryAttempts)))
	return err
}

// Flush waits until the server has read all that was published. JetStream has
// stored it by then.
func (n *natsClient) Flush(ctx context.Context) error {
	if n.js != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := n.conn.FlushWithContext(ctx); err != nil {
		return err
	}
	return n.conn.LastError() // a refusal comes before the answer
}
