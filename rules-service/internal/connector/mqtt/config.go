// Package mqtt is the source and the sink for MQTT brokers.
package mqtt

import (
	"errors"
	"fmt"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// Connection are the properties that the source and the sink have in common.
type Connection struct {
	Server          string           `prop:"server,required" doc:"Address of the broker: tcp://, ssl://, ws:// or wss://."`
	ClientID        string           `prop:"clientid" doc:"Client id; without it each connection takes one of its own."`
	Username        string           `prop:"username" doc:"User name."`
	Password        connector.Secret `prop:"password" doc:"Password."`
	ProtocolVersion string           `prop:"protocolVersion" doc:"3.1 or 3.1.1 (also written 4)."`
	EnableSession   bool             `prop:"enableClientSession" doc:"The broker keeps subscriptions and messages while the service is away; wants a clientid."`
	ClientStatePath string           `prop:"clientStatePath,ignored" doc:"Accepted: the state of the session is with the broker and in the intake journal, not in a file of its own."`
	SessionExpiry   int              `prop:"sessionExpiryIntervalSeconds,unsupported" doc:"MQTT 5: how long the broker keeps the session."`
	KeepAlive       time.Duration    `prop:"keepAlive" doc:"Interval of pings."`
	Timeout         time.Duration    `prop:"timeout" doc:"Limit for connecting, subscribing and publishing."`
	connector.TLS
}

var defaults = Connection{ProtocolVersion: "3.1.1", KeepAlive: 30 * time.Second, Timeout: 5 * time.Second}

// versions are the protocol levels by their names.
var versions = map[string]uint{"3.1": 3, "3.1.1": 4, "4": 4}

func (c *Connection) validate() error {
	switch {
	case c.ProtocolVersion == "5":
		return errors.New(`property "protocolVersion": 5 is not supported; brokers of MQTT 5 take 3.1.1 as well: leave it out`)
	case versions[c.ProtocolVersion] == 0:
		return fmt.Errorf(`property "protocolVersion": %q is unknown; there are 3.1 and 3.1.1`, c.ProtocolVersion)
	case c.Timeout <= 0 || c.KeepAlive <= 0:
		return errors.New(`properties "timeout" and "keepAlive" must be positive`)
	}
	return mqttclient.Options{Server: c.Server, ClientID: c.ClientID, KeepSession: c.EnableSession}.Validate()
}

// identity are the options without the settings of TLS, which need files.
func (c *Connection) identity() mqttclient.Options {
	o := mqttclient.Options{Server: c.Server, ClientID: c.ClientID, Username: c.Username, Password: c.Password.Reveal(),
		Version: versions[c.ProtocolVersion], KeepSession: c.EnableSession, KeepAlive: c.KeepAlive, Timeout: c.Timeout}
	if secured(c.Server) {
		o.TLSKey = c.TLS.Key()
	}
	return o
}

// group is equal for sources that one connection may serve.
func (c *Connection) group() string { return c.identity().Key() }

func (c *Connection) options() (o mqttclient.Options, err error) {
	o = c.identity()
	if secured(c.Server) {
		o.TLS, err = c.TLS.Config()
	}
	return o, err
}

func checkQoS(qos uint8) error {
	if qos > 2 {
		return fmt.Errorf(`property "qos": there are 0, 1 and 2, not %d`, qos)
	}
	return nil
}

// Register adds the source, the sink and the kind of connection to r, and those
// for clouds; they share their connections.
func Register(r *connector.Registry) {
	pool := mqttclient.NewPool()
	models := newModelFiles()
	registerSource(r, pool, models)
	registerKubeEdge(r, pool, models)
	registerSink(r, pool)
	registerConnection(r, pool)
	registerAWS(r, pool)
	registerAzure(r, pool)
	registerAliyun(r, pool)
	registerHuawei(r, pool)
	registerTencent(r, pool)
}
