package mqtt

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// What Azure IoT Hub takes.
const (
	azureVersion    = "2021-04-12" // of the interface
	azureEventBytes = 256 << 10
	azureTwinBytes  = 32 << 10
)

// AzureDevice are the properties that the source and the sink for Azure IoT Hub
// have in common.
type AzureDevice struct {
	Server   string           `prop:"server,required" doc:"Host of the hub, such as myhub.azure-devices.net, or of a gateway in front of it."`
	Hub      string           `prop:"hub" doc:"Host of the hub behind a gateway; empty: that of server."`
	DeviceID string           `prop:"deviceId,required" doc:"Id of the device."`
	Key      connector.Secret `prop:"sharedAccessKey" doc:"Key of the device, as the portal shows it. Without it the device shows its certificate."`
	Life     time.Duration    `prop:"life" doc:"How long a password that is made of the key is good for. The connection is made anew before its end."`
	Link
}

func (c *AzureDevice) check() error {
	_, err := base64.StdEncoding.DecodeString(c.Key.Reveal())
	switch {
	case c.Key == "" && !c.certified():
		return errors.New(`property "sharedAccessKey" is missing: the hub knows a device by its key or, with certificationPath and privateKeyPath, by its certificate`)
	case c.Key != "" && c.certified():
		return errors.New(`give sharedAccessKey or a certificate: the hub knows a device by one of them`)
	case err != nil:
		return errors.New(`property "sharedAccessKey" is not base64; copy the whole key of the device`)
	}
	return errors.Join(c.Link.check(addressOf(c.Server)), checkLevel("deviceId", c.DeviceID), checkLife(c.Life))
}

func (c *AzureDevice) hub() string {
	if c.Hub != "" {
		return c.Hub
	}
	return hostOf(addressOf(c.Server))
}

func (c *AzureDevice) options() (mqttclient.Options, error) {
	o, err := c.connect(addressOf(c.Server), "")
	o.ClientID, o.Username, o.Password = c.DeviceID, c.hub(), c.Key.Reveal()
	o.Login = c.login
	return o, err
}

func (c *AzureDevice) login(now time.Time) mqttclient.Login {
	l := mqttclient.Login{ClientID: c.DeviceID, Username: c.hub() + "/" + c.DeviceID + "/?api-version=" + azureVersion}
	if c.Key == "" {
		return l
	}
	key, _ := base64.StdEncoding.DecodeString(c.Key.Reveal()) // was checked
	resource := url.QueryEscape(c.hub() + "/devices/" + c.DeviceID)
	l.Password = azurePassword(key, resource, now.Add(c.Life).Unix())
	return renewing(now, c.Life, l)
}

// azurePassword is a signature of a resource that ends at a time.
func azurePassword(key []byte, resource string, end int64) string {
	h := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(h, "%s\n%d", resource, end)
	return fmt.Sprintf("SharedAccessSignature sr=%s&sig=%s&se=%d", resource, url.QueryEscape(base64.StdEncoding.EncodeToString(h.Sum(nil))), end)
}

// AzureSink is the configuration of the sink for Azure IoT Hub.
type AzureSink struct {
	Message     string                        `prop:"message" doc:"event: the payload as a message of the device to the cloud; twin: the row as reported properties of its twin; topic: the payload as it is."`
	ContentType string                        `prop:"contentType" doc:"Type of the payload of events; empty: none is told."`
	Properties  map[string]connector.Template `prop:"properties" doc:"Properties of events, by which the hub routes them."`
	AzureDevice
	Publication
}

// Validate checks what the types cannot say.
func (c *AzureSink) Validate() error {
	if c.Message != "event" && len(c.Properties) > 0 {
		return errors.New(`property "properties" is for events alone`)
	}
	return errors.Join(c.Publication.check(c.Message, "event", "twin"), c.AzureDevice.check())
}

func (c *AzureSink) dialect(ids *counter) dialect {
	switch c.Message {
	case "event":
		return dialect{qos: c.QoS, shape: c.event}
	case "twin":
		return c.stateful(twinOf(ids), readTwin, "$iothub/twin/res/#")
	}
	return c.bare()
}

func (c *AzureSink) event(m *connector.Outbound) (topic string, payload []byte, id string, err error) {
	if len(m.Payload) > azureEventBytes {
		return "", nil, "", fmt.Errorf("the message has %d bytes; the hub takes %d", len(m.Payload), azureEventBytes)
	}
	return "devices/" + c.DeviceID + "/messages/events/" + c.bag(m), m.Payload, "", nil
}

// bag is how properties stand in a topic.
func (c *AzureSink) bag(m *connector.Outbound) string {
	var bag []string
	for _, name := range slices.Sorted(maps.Keys(c.Properties)) {
		v := m.Value("properties."+name, string(c.Properties[name]))
		bag = append(bag, escaped(name)+"="+escaped(v))
	}
	if c.ContentType != "" {
		bag = append(bag, "$.ct="+escaped(c.ContentType), "$.ce=utf-8")
	}
	return strings.Join(bag, "&")
}

// escaped writes a text so that it can stand in a topic.
func escaped(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func twinOf(ids *counter) shaper {
	return func(m *connector.Outbound) (topic string, payload []byte, id string, err error) {
		row, err := connector.JSONObject(m.Payload)
		if err != nil {
			return "", nil, "", err
		}
		id = ids.token()
		payload, err = marshal(row, azureTwinBytes)
		return "$iothub/twin/PATCH/properties/reported/?$rid=" + id, payload, id, err
	}
}

// readTwin reads the answer to a change of a twin, such as
// $iothub/twin/res/204/?$rid=7&$version=3.
func readTwin(topic string, payload []byte) (r reply) {
	status, query, _ := strings.Cut(strings.TrimPrefix(topic, "$iothub/twin/res/"), "/?")
	code, err := strconv.Atoi(status)
	if err != nil {
		return reply{}
	}
	for part := range strings.SplitSeq(query, "&") {
		if rid, ok := strings.CutPrefix(part, "$rid="); ok {
			r.id = rid
		}
	}
	if code/100 != 2 {
		r.refusal = verdict(code, string(payload))
	}
	return r
}

// AzureSource is the configuration of the source for Azure IoT Hub.
type AzureSource struct {
	Datasource string `prop:"datasource,required" doc:"desired: changes of the wanted properties of the twin; messages: of the cloud to the device; methods: calls, to be answered with message topic of the sink; or filters of topics, with commas between them."`
	QoS        uint8  `prop:"qos" doc:"Quality of service of the subscription: 0 or 1."`
	AzureDevice
}

// Validate checks what the types cannot say.
func (c *AzureSource) Validate() error {
	return errors.Join(checkFilters(c.filters(), c.QoS), c.AzureDevice.check())
}

func (c *AzureSource) filters() []string {
	return filtersOf(c.Datasource, map[string]string{
		"desired":  "$iothub/twin/PATCH/properties/desired/#",
		"messages": "devices/" + c.DeviceID + "/messages/devicebound/#",
		"methods":  "$iothub/methods/POST/#",
	})
}

func registerAzure(r *connector.Registry, pool *mqttclient.Pool) {
	ids := newCounter()
	device := AzureDevice{Life: time.Hour, Link: defaultLink}
	connector.AddSink(r, connector.SinkSpec[AzureSink]{
		Name: "azureiot",
		Summary: "Publishes results to Azure IoT Hub: as messages of a device, as reported properties of its twin, or to a topic. " +
			"The password is made of the device's key, and renewed before it ends." + cloudNote,
		Defaults: AzureSink{Message: "event", ContentType: "application/json", AzureDevice: device, Publication: defaultPublication},
		Example: `{"server": "myhub.azure-devices.net", "deviceId": "boiler-1", "sharedAccessKey": "c2VjcmV0", "sendSingle": true,
 "properties": {"level": "{{.level}}"}}`,
		Target: func(c AzureSink) string { return fmt.Sprintf("%s on %s", c.DeviceID, c.hub()) },
		New: func(c AzureSink, env connector.Env) (connector.Sink, error) {
			o, err := c.options()
			return newCloudSink(o, c.dialect(ids), pool, env), err
		},
	})
	connector.AddSource(r, connector.SourceSpec[AzureSource]{
		Name: "azureiot",
		Summary: "Subscribes to what Azure IoT Hub sends a device: wanted properties of its twin, messages, calls of methods." +
			cloudNote,
		Defaults: AzureSource{QoS: 1, AzureDevice: device},
		Example:  `{"datasource": "desired", "server": "myhub.azure-devices.net", "deviceId": "boiler-1", "sharedAccessKey": "c2VjcmV0"}`,
		New: func(c AzureSource, env connector.Env) (connector.Source, error) {
			o, err := c.options()
			return newCloudSource(o, c.filters(), c.QoS, pool, env), err
		},
	})
}
