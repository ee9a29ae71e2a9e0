package mqtt

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the interface offers it
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// What Alibaba Cloud IoT Platform takes.
const (
	aliyunBytes        = 256 << 10
	aliyunShortestPing = 30 * time.Second
	aliyunLongestPing  = 1200 * time.Second
	aliyunOK           = 200
)

// signMethods are the signatures that a password may be, by their names.
var signMethods = map[string]func() hash.Hash{"hmacsha256": sha256.New, "hmacsha1": sha1.New}

// AliyunDevice are the properties that the source and the sink for Alibaba Cloud
// IoT Platform have in common.
type AliyunDevice struct {
	ProductKey   string           `prop:"productKey,required" doc:"Key of the product."`
	DeviceName   string           `prop:"deviceName,required" doc:"Name of the device."`
	DeviceSecret connector.Secret `prop:"deviceSecret,required" doc:"Secret of the device."`
	Region       string           `prop:"region" doc:"Region of the public instance, such as cn-shanghai; the server is made of it."`
	Server       string           `prop:"server" doc:"Address of another instance, instead of region."`
	ClientID     string           `prop:"clientid" doc:"Client id; empty: product key and device name."`
	SignMethod   string           `prop:"signMethod" doc:"How the password is signed: hmacsha256 or hmacsha1."`
	Link
}

func (c *AliyunDevice) check() error {
	switch {
	case (c.Region == "") == (c.Server == ""):
		return errors.New(`give one of the properties "region" and "server"`)
	case signMethods[c.SignMethod] == nil:
		return fmt.Errorf(`property "signMethod": there are hmacsha256 and hmacsha1, not %q`, c.SignMethod)
	case c.KeepAlive < aliyunShortestPing || c.KeepAlive > aliyunLongestPing:
		return fmt.Errorf(`property "keepAlive" must be %s to %s: the platform takes no other`, aliyunShortestPing, aliyunLongestPing)
	case strings.ContainsAny(c.ClientID, "|"):
		return errors.New(`property "clientid" must not have a | in it`)
	}
	return errors.Join(c.Link.check(c.server()), checkLevel("productKey", c.ProductKey), checkLevel("deviceName", c.DeviceName))
}

func (c *AliyunDevice) server() string {
	if c.Server != "" {
		return addressOf(c.Server)
	}
	return fmt.Sprintf("ssl://%s.iot-as-mqtt.%s.aliyuncs.com:1883", c.ProductKey, c.Region)
}

func (c *AliyunDevice) clientID() string {
	if c.ClientID != "" {
		return c.ClientID
	}
	return c.ProductKey + "." + c.DeviceName
}

func (c *AliyunDevice) options() (mqttclient.Options, error) {
	o, err := c.connect(c.server(), "")
	o.ClientID, o.Username, o.Password = c.clientID(), c.DeviceName+"&"+c.ProductKey, c.DeviceSecret.Reveal()
	o.Login = c.login
	return o, err
}

// login is signed with the time of the connection, which it lasts for.
func (c *AliyunDevice) login(now time.Time) mqttclient.Login {
	mode := 3
	if secured(c.server()) {
		mode = 2
	}
	at := strconv.FormatInt(now.UnixMilli(), 10)
	return mqttclient.Login{
		ClientID: fmt.Sprintf("%s|securemode=%d,signmethod=%s,timestamp=%s|", c.clientID(), mode, c.SignMethod, at),
		Username: c.DeviceName + "&" + c.ProductKey,
		Password: c.password(at),
	}
}

func (c *AliyunDevice) password(at string) string {
	h := hmac.New(signMethods[c.SignMethod], []byte(c.DeviceSecret.Reveal()))
	_, _ = fmt.Fprintf(h, "clientId%sdeviceName%sproductKey%stimestamp%s", c.clientID(), c.DeviceName, c.ProductKey, at)
	return hex.EncodeToString(h.Sum(nil))
}

// thing is what the topics of the thing model begin with.
func (c *AliyunDevice) thing() string { return "/sys/" + c.ProductKey + "/" + c.DeviceName + "/thing/" }

// AliyunSink is the configuration of the sink for Alibaba Cloud IoT Platform.
type AliyunSink struct {
	Message   string             `prop:"message" doc:"property: the row as properties of the thing model; event: the row as the output of an event of it; topic: the payload as it is."`
	Event     connector.Template `prop:"event" doc:"With message event: identifier of the event."`
	TimeField string             `prop:"timeField" doc:"Column with the time of the values, milliseconds or a text; it is none of them. Without it they have the time at which they come."`
	AliyunDevice
	Publication
}

// Validate checks what the types cannot say.
func (c *AliyunSink) Validate() error {
	switch {
	case (c.Message == "event") != (c.Event != ""):
		return errors.New(`property "event" goes with message event, which needs it`)
	case c.Message == bareTopic && c.TimeField != "":
		return errors.New(`property "timeField" is for properties and events alone`)
	}
	return errors.Join(c.Publication.check(c.Message, "property", "event"), c.AliyunDevice.check())
}

func (c *AliyunSink) dialect(ids *counter) dialect {
	if c.Message == bareTopic {
		return c.bare()
	}
	replies := c.thing() + "event/+/post_reply"
	return c.answered(func(m *connector.Outbound) (topic string, payload []byte, id string, err error) {
		row, err := connector.JSONObject(m.Payload)
		if err != nil {
			return "", nil, "", err
		}
		at, err := takeTime(row, c.TimeField)
		if err != nil {
			return "", nil, "", err
		}
		name, params := "property", timedEach(row, at)
		if c.Message == "event" {
			name, params = m.Value("event", string(c.Event)), timed(row, at)
		}
		id = ids.number()
		payload, err = marshal(map[string]any{"id": id, "version": "1.0", "params": params, "method": "thing.event." + name + ".post"}, aliyunBytes)
		return c.thing() + "event/" + name + "/post", payload, id, err
	}, readReply, replies)
}

// timed is a value as the thing model has it.
func timed(v any, at time.Time) map[string]any {
	out := map[string]any{"value": v}
	if !at.IsZero() {
		out["time"] = at.UnixMilli()
	}
	return out
}

func timedEach(row map[string]any, at time.Time) map[string]any {
	out := make(map[string]any, len(row))
	for name, v := range row {
		out[name] = timed(v, at)
	}
	return out
}

// readReply reads the answer to properties or an event.
func readReply(_ string, payload []byte) reply {
	var a struct {
		ID      string `json:"id"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(payload, &a) != nil {
		return reply{}
	}
	if a.Code != aliyunOK {
		return reply{a.ID, verdict(a.Code, a.Message)}
	}
	return reply{id: a.ID}
}

// AliyunSource is the configuration of the source for Alibaba Cloud IoT
// Platform.
type AliyunSource struct {
	Datasource string `prop:"datasource,required" doc:"set: properties that the cloud sets; services: calls of services, to be answered with message topic of the sink; or filters of topics, with commas between them."`
	QoS        uint8  `prop:"qos" doc:"Quality of service of the subscription: 0 or 1."`
	AliyunDevice
}

// Validate checks what the types cannot say.
func (c *AliyunSource) Validate() error {
	return errors.Join(checkFilters(c.filters(), c.QoS), c.AliyunDevice.check())
}

func (c *AliyunSource) filters() []string {
	return filtersOf(c.Datasource, map[string]string{"set": c.thing() + "service/property/set", "services": c.thing() + "service/+"})
}

func registerAliyun(r *connector.Registry, pool *mqttclient.Pool) {
	ids := &counter{}
	device := AliyunDevice{SignMethod: "hmacsha256", Link: defaultLink}
	connector.AddSink(r, connector.SinkSpec[AliyunSink]{
		Name: "aliyuniot",
		Summary: "Publishes results to Alibaba Cloud IoT Platform: as properties or events of a device's thing model, or to a topic. " +
			"The password is made of the device's secret for each connection." + cloudNote,
		Defaults: AliyunSink{Message: "property", AliyunDevice: device, Publication: defaultPublication},
		Example: `{"region": "cn-shanghai", "productKey": "a1b2c3", "deviceName": "boiler-1", "deviceSecret": "secret", "sendSingle": true,
 "fields": ["temperature", "ts"], "timeField": "ts"}`,
		Target: func(c AliyunSink) string { return fmt.Sprintf("%s on %s", c.DeviceName, mqttclient.Redact(c.server())) },
		New: func(c AliyunSink, env connector.Env) (connector.Sink, error) {
			o, err := c.options()
			return newCloudSink(o, c.dialect(ids), pool, env), err
		},
	})
	connector.AddSource(r, connector.SourceSpec[AliyunSource]{
		Name:     "aliyuniot",
		Summary:  "Subscribes to what Alibaba Cloud IoT Platform sends a device." + cloudNote,
		Defaults: AliyunSource{QoS: 1, AliyunDevice: device},
		Example:  `{"datasource": "set", "region": "cn-shanghai", "productKey": "a1b2c3", "deviceName": "boiler-1", "deviceSecret": "secret"}`,
		New: func(c AliyunSource, env connector.Env) (connector.Source, error) {
			o, err := c.options()
			return newCloudSource(o, c.filters(), c.QoS, pool, env), err
		},
	})
}
