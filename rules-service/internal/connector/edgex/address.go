package edgex

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/sqlengine/diag"
)

// Address are the properties that name a bus. What is not given is as in
// EdgeX's configuration of the service. To be embedded.
type Address struct {
	Type     string            `prop:"type" doc:"Bus: redis, mqtt, nats-core or nats-jetstream."`
	Protocol string            `prop:"protocol" doc:"Protocol of the bus, such as redis, tcp, or ssl for MQTT with TLS."`
	Server   string            `prop:"server" alias:"host" doc:"Host of the bus."`
	Port     int               `prop:"port" doc:"Port of the bus."`
	Optional map[string]string `prop:"optional" doc:"More settings of the client, all as text: ClientId, Username, Password, Qos, KeepAlive, Retained, CertFile, KeyFile, CaFile, SkipCertVerify … Those of the service's own bus count beside them; for another server they alone count."`
}

// place is where a bus of a type listens unless something else is said.
type place struct {
	protocol string
	port     int
}

var places = map[string]place{
	messaging.Redis:         {"redis", 6379},
	messaging.MQTT:          {"tcp", 1883},
	messaging.NatsCore:      {"tcp", 4222},
	messaging.NatsJetStream: {"tcp", 4222},
}

// kind is what the text of a setting has to be.
type kind int

const (
	anyText kind = iota
	wholeNumber
	truthValue
)

// settings are the keys of Optional that EdgeX's clients know.
var settings = map[string]kind{
	"ClientId": anyText, "Username": anyText, "Password": anyText, "ConnectTimeout": wholeNumber,
	"CertFile": anyText, "KeyFile": anyText, "CaFile": anyText, "CertPEMBlock": anyText, "KeyPEMBlock": anyText, "CaPEMBlock": anyText, "SkipCertVerify": truthValue,
	// of MQTT
	"Qos": wholeNumber, "KeepAlive": wholeNumber, "Retained": truthValue, "AutoReconnect": truthValue, "CleanSession": truthValue,
	"ConnectionPayload": anyText, // eKuiper's files have it; no client reads it
	// of NATS
	"Format": anyText, "Durable": anyText, "Subject": anyText, "QueueGroup": anyText, "Deliver": anyText, "NKeySeedFile": anyText, "CredentialsFile": anyText,
	"AutoProvision": truthValue, "RetryOnFailedConnect": truthValue, "ExactlyOnce": truthValue, "DefaultPubRetryAttempts": wholeNumber,
}

// setting finds the key whatever the case of its letters.
func setting(name string) (key string, ok bool) {
	for key := range settings {
		if strings.EqualFold(key, name) {
			return key, true
		}
	}
	return "", false
}

func (a *Address) validate() error {
	if t := strings.ToLower(a.Type); t != "" && places[t] == (place{}) {
		return fmt.Errorf(`property "type": there is no bus %q; there are mqtt, nats-core, nats-jetstream and redis`, a.Type)
	}
	if a.Port < 0 || a.Port > 65535 {
		return fmt.Errorf(`property "port": %d is no port`, a.Port)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Optional)) {
		if err := checkSetting(name, a.Optional[name]); err != nil {
			return fmt.Errorf(`property "optional": %w`, err)
		}
	}
	return nil
}

// checkSetting does not repeat the text: it may be a password.
func checkSetting(name, text string) error {
	key, ok := setting(name)
	if !ok {
		known := slices.Sorted(maps.Keys(settings))
		if n := diag.Nearest(name, known); n != "" {
			return fmt.Errorf("unknown setting %q; did you mean %q?", name, n)
		}
		return fmt.Errorf("unknown setting %q; there are %s", name, strings.Join(known, ", "))
	}
	if text == "" {
		return nil
	}
	switch settings[key] {
	case wholeNumber:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is a whole number as text", key)
		}
		if key == "Qos" && n > 2 {
			return errors.New(`"Qos" is "0", "1" or "2"`)
		}
	case truthValue:
		if _, err := strconv.ParseBool(text); err != nil {
			return fmt.Errorf(`%q is "true" or "false"`, key)
		}
	}
	return nil
}

// on is the service's bus with what is set here.
func (a *Address) on(b Bus) types.MessageBusConfig {
	out := b.config()
	out.Optional = maps.Clone(out.Optional)
	if out.Optional == nil || !a.same(out) {
		out.Optional = map[string]string{} // the service's password is not for others
	}
	if t := strings.ToLower(a.Type); t != "" && !strings.EqualFold(t, out.Type) {
		out.Type, out.Broker.Protocol, out.Broker.Port = t, places[t].protocol, places[t].port
	}
	if a.Protocol != "" {
		out.Broker.Protocol = a.Protocol
	}
	if a.Server != "" {
		out.Broker.Host = a.Server
	}
	if a.Port != 0 {
		out.Broker.Port = a.Port
	}
	for name, text := range a.Optional {
		if key, ok := setting(name); ok && text != "" {
			out.Optional[key] = text
		}
	}
	return out
}

// same tells whether the service's own bus is meant.
func (a *Address) same(c types.MessageBusConfig) bool {
	return (a.Type == "" || strings.EqualFold(a.Type, c.Type)) &&
		(a.Server == "" || a.Server == c.Broker.Host) && (a.Port == 0 || a.Port == c.Broker.Port)
}
