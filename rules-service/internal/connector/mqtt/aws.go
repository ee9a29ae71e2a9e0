package mqtt

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// What AWS IoT Core takes.
const (
	awsShadowBytes = 8 << 10
	awsFilters     = 8     // in a packet
	awsPlainPort   = "443" // where MQTT has to be asked for
	awsALPN        = "x-amzn-mqtt-ca"
)

// AWSThing are the properties that the source and the sink for AWS IoT Core
// have in common.
type AWSThing struct {
	Server   string `prop:"server,required" doc:"Endpoint of the account, such as a1b2c3-ats.iot.eu-central-1.amazonaws.com, on port 8883; with :443 behind it MQTT is asked for by ALPN."`
	Thing    string `prop:"thingName,required" doc:"Name of the thing."`
	ClientID string `prop:"clientid" doc:"Client id; empty: the name of the thing."`
	Shadow   string `prop:"shadow" doc:"Name of the shadow; empty: the one without a name."`
	Link
}

func (c *AWSThing) check() error {
	if secured(addressOf(c.Server)) && !c.certified() {
		return errors.New(`properties "certificationPath" and "privateKeyPath" are missing: AWS knows a thing by its certificate`)
	}
	return errors.Join(c.Link.check(addressOf(c.Server)), checkLevel("thingName", c.Thing), checkLevel("shadow", c.Shadow))
}

func (c *AWSThing) options() (mqttclient.Options, error) {
	server, alpn := addressOf(c.Server), ""
	if u, err := url.Parse(server); err == nil && u.Port() == awsPlainPort {
		alpn = awsALPN
	}
	o, err := c.connect(server, alpn)
	o.PacketFilters = awsFilters
	if o.ClientID = c.ClientID; o.ClientID == "" {
		o.ClientID = c.Thing
	}
	return o, err
}

// shadow is what the topics of the shadow begin with.
func (c *AWSThing) shadow() string {
	topic := "$aws/things/" + c.Thing + "/shadow"
	if c.Shadow != "" {
		topic += "/name/" + c.Shadow
	}
	return topic
}

// AWSSink is the configuration of the sink for AWS IoT Core.
type AWSSink struct {
	Message string `prop:"message" doc:"shadow: the row is the reported state of the thing's shadow; topic: the payload as it is."`
	AWSThing
	Publication
}

// Validate checks what the types cannot say.
func (c *AWSSink) Validate() error {
	return errors.Join(c.Publication.check(c.Message, "shadow"), c.AWSThing.check())
}

func (c *AWSSink) dialect(ids *counter) dialect {
	if c.Message == bareTopic {
		return c.bare()
	}
	update := c.shadow() + "/update"
	shape := func(m *connector.Outbound) (topic string, payload []byte, id string, err error) {
		row, err := connector.JSONObject(m.Payload)
		if err != nil {
			return "", nil, "", err
		}
		id = ids.token()
		payload, err = marshal(map[string]any{"state": map[string]any{"reported": row}, "clientToken": id}, awsShadowBytes)
		return update, payload, id, err
	}
	return c.stateful(shape, readShadow, update+"/accepted", update+"/rejected")
}

// readShadow reads the answer to an update of a shadow.
func readShadow(topic string, payload []byte) reply {
	var a struct {
		Token   string `json:"clientToken"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(payload, &a) != nil {
		return reply{}
	}
	if strings.HasSuffix(topic, "/rejected") {
		return reply{a.Token, verdict(a.Code, a.Message)}
	}
	return reply{id: a.Token}
}

// AWSSource is the configuration of the source for AWS IoT Core.
type AWSSource struct {
	Datasource string `prop:"datasource,required" doc:"delta: the wanted state of the shadow where it differs from the reported one; or filters of topics, with commas between them."`
	QoS        uint8  `prop:"qos" doc:"Quality of service of the subscription: 0 or 1."`
	AWSThing
}

// Validate checks what the types cannot say.
func (c *AWSSource) Validate() error {
	return errors.Join(checkFilters(c.filters(), c.QoS), c.AWSThing.check())
}

func (c *AWSSource) filters() []string {
	return filtersOf(c.Datasource, map[string]string{"delta": c.shadow() + "/update/delta"})
}

func registerAWS(r *connector.Registry, pool *mqttclient.Pool) {
	ids := newCounter()
	connector.AddSink(r, connector.SinkSpec[AWSSink]{
		Name:     "awsiot",
		Summary:  "Publishes results to AWS IoT Core: as the reported state of a thing's shadow, or to a topic." + cloudNote,
		Defaults: AWSSink{Message: "shadow", AWSThing: AWSThing{Link: defaultLink}, Publication: defaultPublication},
		Example: `{"server": "a1b2c3-ats.iot.eu-central-1.amazonaws.com", "thingName": "boiler-1",
 "certificationRaw": "secret://boiler-1/certificate", "privateKeyRaw": "secret://boiler-1/key", "sendSingle": true,
 "dataTemplate": "{\"temperature\": {{.temperature}}}"}`,
		Target: func(c AWSSink) string {
			return fmt.Sprintf("%s on %s", c.Thing, mqttclient.Redact(addressOf(c.Server)))
		},
		New: func(c AWSSink, env connector.Env) (connector.Sink, error) {
			o, err := c.options()
			return newCloudSink(o, c.dialect(ids), pool, env), err
		},
	})
	connector.AddSource(r, connector.SourceSpec[AWSSource]{
		Name:     "awsiot",
		Summary:  "Subscribes to topics of AWS IoT Core: the wanted state of a thing's shadow, or others." + cloudNote,
		Defaults: AWSSource{QoS: 1, AWSThing: AWSThing{Link: defaultLink}},
		Example: `{"datasource": "delta", "server": "a1b2c3-ats.iot.eu-central-1.amazonaws.com", "thingName": "boiler-1",
 "certificationRaw": "secret://boiler-1/certificate", "privateKeyRaw": "secret://boiler-1/key"}`,
		New: func(c AWSSource, env connector.Env) (connector.Source, error) {
			o, err := c.options()
			return newCloudSource(o, c.filters(), c.QoS, pool, env), err
		},
	})
}
