package edgex

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"strings"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"
)

// client is what a link needs of messaging.MessageClient.
type client interface {
	Connect() error
	Publish(message types.MessageEnvelope, topic string) error
	Subscribe(topics []types.TopicChannel, errors chan error) error
	Unsubscribe(topics ...string) error
	Disconnect() error
}

// newClient makes a client; errors gets what is not the answer of a call.
func newClient(c types.MessageBusConfig, errors chan<- error) (client, error) {
	c, err := ours(c)
	if err != nil {
		return nil, err
	}
	if isNATS(c) {
		return &natsClient{config: c, errors: errors}, nil
	}
	return messaging.NewMessageClient(c)
}

func isMQTT(c types.MessageBusConfig) bool { return strings.EqualFold(c.Type, messaging.MQTT) }

// ours adapts the settings of the service to one more client: an MQTT broker
// throws out the older of two clients with one id, and a client that
// reconnects by itself does not tell that it was gone.
func ours(c types.MessageBusConfig) (types.MessageBusConfig, error) {
	c.Optional = maps.Clone(c.Optional)
	if c.Optional == nil {
		c.Optional = map[string]string{}
	}
	c.Optional["ClientId"] = strings.TrimSuffix(c.Optional["ClientId"], "-") + "-rules-" + uuid.NewString()[:13]
	if isMQTT(c) {
		c.Optional["AutoReconnect"] = "false"
		if k := c.Optional["KeepAlive"]; k == "" || k == "0" {
			c.Optional["KeepAlive"] = "10"
		}
	}
	return c, trustAll(c)
}

// trustAll makes SkipCertVerify work by itself: go-mod-messaging looks at it
// only beside a certificate. The one given here says nothing and is shown to
// nobody.
func trustAll(c types.MessageBusConfig) error {
	o := c.Optional
	if !strings.EqualFold(o["SkipCertVerify"], "true") || isNATS(c) ||
		cmp.Or(o["CertFile"], o["KeyFile"], o["CaFile"], o["CertPEMBlock"], o["KeyPEMBlock"], o["CaPEMBlock"]) != "" {
		return nil
	}
	switch strings.ToLower(c.Broker.Protocol) {
	case "ssl", "tls", "tcps":
	default:
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("SkipCertVerify: %w", err)
	}
	blank := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, blank, blank, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("SkipCertVerify: %w", err)
	}
	o["CaPEMBlock"] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return nil
}

// nobody is a topic without subscribers.
const nobody = "sluice/nobody"

// probeOf asks an MQTT client whether its connection is up; nil: the client
// tells by itself. To unsubscribe from nothing changes nothing, and fails at
// once without a connection. To connect would tell as well, but a client that
// is ended right after an attempt that failed hangs, and its goroutines stay.
func probeOf(c types.MessageBusConfig, of client) func() error {
	if !isMQTT(c) {
		return nil
	}
	return func() error { return of.Unsubscribe(nobody) }
}
