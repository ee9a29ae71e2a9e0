package mqtt

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// What Tencent Cloud IoT Hub takes.
const (
	tencentApp         = "12010126" // of the interface
	tencentShadowBytes = 8 << 10
	tencentLongestPing = 900 * time.Second
	tencentConnID      = 5 // characters
)

// TencentDevice are the properties that the source and the sink for Tencent
// Cloud IoT Hub have in common.
type TencentDevice struct {
	ProductID  string           `prop:"productId,required" doc:"Id of the product."`
	DeviceName string           `prop:"deviceName,required" doc:"Name of the device."`
	Key        connector.Secret `prop:"deviceSecret,required" doc:"Key of the device (psk), as the console shows it."`
	Server     string           `prop:"server" doc:"Address; empty: that of the product at iotcloud.tencentdevices.com."`
	Life       time.Duration    `prop:"life" doc:"How long credentials that are made of the key are good for. The connection is made anew before their end."`
	Link
}

func (c *TencentDevice) check() error {
	if _, err := base64.StdEncoding.DecodeString(c.Key.Reveal()); err != nil {
		return errors.New(`property "deviceSecret" is not base64; copy the whole key of the device`)
	}
	if c.KeepAlive > tencentLongestPing {
		return fmt.Errorf(`property "keepAlive" must be up to %s: the cloud takes no other`, tencentLongestPing)
	}
	return errors.Join(c.Link.check(c.server()), checkLife(c.Life), checkLevel("productId", c.ProductID), checkLevel("deviceName", c.DeviceName))
}

func (c *TencentDevice) server() string {
	if c.Server != "" {
		return addressOf(c.Server)
	}
	return addressOf(c.ProductID + ".iotcloud.tencentdevices.com")
}

func (c *TencentDevice) options() (mqttclient.Options, error) {
	o, err := c.connect(c.server(), "")
	o.ClientID, o.Username, o.Password = c.ProductID+c.DeviceName, c.DeviceName, c.Key.Reveal()
	o.Login = c.login
	return o, err
}

func (c *TencentDevice) login(now time.Time) mqttclient.Login {
	user := fmt.Sprintf("%s%s;%s;%s;%d", c.ProductID, c.DeviceName, tencentApp, rand.Text()[:tencentConnID], now.Add(c.Life).Unix())
	key, _ := base64.StdEncoding.DecodeString(c.Key.Reveal()) // was checked
	return renewing(now, c.Life, mqttclient.Login{ClientID: c.ProductID + c.DeviceName, Username: user, Password: tencentPassword(key, user)})
}

func tencentPassword(key []byte, user string) string {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(user))
	return hex.EncodeToString(h.Sum(nil)) + ";hmacsha256"
}

// device is how the device stands in topics.
func (c *TencentDevice) device() string { return c.ProductID + "/" + c.DeviceName }

// TencentSink is the configuration of the sink for Tencent Cloud IoT Hub.
type TencentSink struct {
	Message string `prop:"message" doc:"event: the payload to the topic event of the device; shadow: the row as the reported state of its shadow; topic: the payload as it is."`
	TencentDevice
	Publication
}

// Validate checks what the types cannot say.
func (c *TencentSink) Validate() error {
	return errors.Join(c.Publication.check(c.Message, "event", "shadow"), c.TencentDevice.check())
}

func (c *TencentSink) dialect(ids *counter) dialect {
	switch c.Message {
	case "event":
		return dialect{qos: c.QoS, shape: func(m *connector.Outbound) (topic string, payload []byte, id string, err error) {
			return c.device() + "/event", m.Payload, "", nil
		}}
	case "shadow":
		return c.stateful(c.shadowOf(ids), readOperation, "$shadow/operation/result/"+c.device())
	}
	return c.bare()
}

func (c *TencentSink) shadowOf(ids *counter) shaper {
	return func(m *connector.Outbound) (topic string, payload []byte, id string, err error) {
		row, err := connector.JSONObject(m.Payload)
		if err != nil {
			return "", nil, "", err
		}
		id = ids.token()
		payload, err = marshal(map[string]any{"type": "update", "state": map[string]any{"reported": row}, "clientToken": id}, tencentShadowBytes)
		return "$shadow/operation/" + c.device(), payload, id, err
	}
}

// readOperation reads the answer to an update of a shadow.
func readOperation(_ string, payload []byte) reply {
	var a struct {
		Token  string `json:"clientToken"`
		Result int    `json:"result"`
	}
	if json.Unmarshal(payload, &a) != nil {
		return reply{}
	}
	if a.Result != 0 {
		return reply{a.Token, verdict(a.Result, string(payload))}
	}
	return reply{id: a.Token}
}

// TencentSource is the configuration of the source for Tencent Cloud IoT Hub.
type TencentSource struct {
	Datasource string `prop:"datasource,required" doc:"control: the topic control of the device; shadow: answers and changes of its shadow; or filters of topics, with commas between them."`
	QoS        uint8  `prop:"qos" doc:"Quality of service of the subscription: 0 or 1."`
	TencentDevice
}

// Validate checks what the types cannot say.
func (c *TencentSource) Validate() error {
	return errors.Join(checkFilters(c.filters(), c.QoS), c.TencentDevice.check())
}

func (c *TencentSource) filters() []string {
	return filtersOf(c.Datasource, map[string]string{"control": c.device() + "/control", "shadow": "$shadow/operation/result/" + c.device()})
}

func registerTencent(r *connector.Registry, pool *mqttclient.Pool) {
	ids := newCounter()
	device := TencentDevice{Life: 24 * time.Hour, Link: defaultLink}
	connector.AddSink(r, connector.SinkSpec[TencentSink]{
		Name: "tencentiot",
		Summary: "Publishes results to Tencent Cloud IoT Hub: to the topic event of a device, as the reported state of its shadow, or to a topic. " +
			"The credentials are made of the device's key, and renewed before they end." + cloudNote,
		Defaults: TencentSink{Message: "event", TencentDevice: device, Publication: defaultPublication},
		Example: `{"productId": "PRODUCTID1", "deviceName": "boiler-1", "deviceSecret": "c2VjcmV0", "sendSingle": true,
 "dataTemplate": "{\"temperature\": {{.temperature}}}"}`,
		Target: func(c TencentSink) string {
			return fmt.Sprintf("%s on %s", c.DeviceName, mqttclient.Redact(c.server()))
		},
		New: func(c TencentSink, env connector.Env) (connector.Sink, error) {
			o, err := c.options()
			return newCloudSink(o, c.dialect(ids), pool, env), err
		},
	})
	connector.AddSource(r, connector.SourceSpec[TencentSource]{
		Name:     "tencentiot",
		Summary:  "Subscribes to what Tencent Cloud IoT Hub sends a device." + cloudNote,
		Defaults: TencentSource{QoS: 1, TencentDevice: device},
		Example:  `{"datasource": "control", "productId": "PRODUCTID1", "deviceName": "boiler-1", "deviceSecret": "c2VjcmV0"}`,
		New: func(c TencentSource, env connector.Env) (connector.Source, error) {
			o, err := c.options()
			return newCloudSource(o, c.filters(), c.QoS, pool, env), err
		},
	})
}
