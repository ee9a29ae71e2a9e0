package mqtt

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// What Huawei Cloud IoTDA takes.
const (
	huaweiBytes = 1 << 20
	huaweiHour  = "2006010215"
	huaweiTime  = "20060102T150405Z"
)

// HuaweiDevice are the properties that the source and the sink for Huawei Cloud
// IoTDA have in common.
type HuaweiDevice struct {
	Server    string           `prop:"server,required" doc:"Address of the instance, as the console shows it."`
	DeviceID  string           `prop:"deviceId,required" doc:"Id of the device."`
	Secret    connector.Secret `prop:"secret,required" doc:"Secret of the device."`
	CheckTime bool             `prop:"checkTime" doc:"The cloud checks the time in the client id: it refuses a device whose clock is wrong by more than an hour."`
	Link
}

func (c *HuaweiDevice) check() error {
	return errors.Join(c.Link.check(addressOf(c.Server)), checkLevel("deviceId", c.DeviceID))
}

func (c *HuaweiDevice) options() (mqttclient.Options, error) {
	o, err := c.connect(addressOf(c.Server), "")
	o.ClientID, o.Username, o.Password = fmt.Sprint(c.DeviceID, c.CheckTime), c.DeviceID, c.Secret.Reveal()
	o.Login = c.login
	return o, err
}

// login is made of the hour of the connection, which it lasts for.
func (c *HuaweiDevice) login(now time.Time) mqttclient.Login {
	sign := 0
	if c.CheckTime {
		sign = 1
	}
	hour := now.UTC().Format(huaweiHour)
	return mqttclient.Login{ClientID: fmt.Sprintf("%s_0_%d_%s", c.DeviceID, sign, hour), Username: c.DeviceID,
		Password: huaweiPassword(c.Secret.Reveal(), hour)}
}

// huaweiPassword is the signature of the secret with the hour as its key.
func huaweiPassword(secret, hour string) string {
	h := hmac.New(sha256.New, []byte(hour))
	_, _ = h.Write([]byte(secret))
	return hex.EncodeToString(h.Sum(nil))
}

// topic is one of the device.
func (c *HuaweiDevice) topic(path string) string { return "$oc/devices/" + c.DeviceID + "/sys/" + path }

// HuaweiSink is the configuration of the sink for Huawei Cloud IoTDA.
type HuaweiSink struct {
	Message   string             `prop:"message" doc:"property: the row as properties of a service; topic: the payload as it is."`
	Service   connector.Template `prop:"serviceId" doc:"With message property: the service in the product model."`
	SubDevice connector.Template `prop:"subDevice" doc:"With message property: id of the device behind this one, a gateway, that the properties are of."`
	TimeField string             `prop:"timeField" doc:"Column with the time of the values, milliseconds or a text; it is none of them. Without it they have the time at which they come."`
	HuaweiDevice
	Publication
}

// Validate checks what the types cannot say.
func (c *HuaweiSink) Validate() error {
	switch {
	case c.Message == "property" && c.Service == "":
		return errors.New(`property "serviceId" is missing: the service in the product model that has the properties`)
	case c.Message == bareTopic && (c.Service != "" || c.SubDevice != "" || c.TimeField != ""):
		return errors.New(`properties "serviceId", "subDevice" and "timeField" are for message property alone`)
	}
	return errors.Join(c.Publication.check(c.Message, "property"), c.HuaweiDevice.check())
}

func (c *HuaweiSink) dialect() dialect {
	if c.Message == bareTopic {
		return c.bare()
	}
	return dialect{qos: c.QoS, shape: c.report}
}

func (c *HuaweiSink) report(m *connector.Outbound) (topic string, payload []byte, id string, err error) {
	row, err := connector.JSONObject(m.Payload)
	if err != nil {
		return "", nil, "", err
	}
	at, err := takeTime(row, c.TimeField)
	if err != nil {
		return "", nil, "", err
	}
	service := map[string]any{"service_id": m.Value("serviceId", string(c.Service)), "properties": row}
	if !at.IsZero() {
		service["event_time"] = at.UTC().Format(huaweiTime)
	}
	services := map[string]any{"services": []any{service}}
	device := m.Value("subDevice", string(c.SubDevice))
	if device == "" {
		payload, err = marshal(services, huaweiBytes)
		return c.topic("properties/report"), payload, "", err
	}
	services["device_id"] = device
	payload, err = marshal(map[string]any{"devices": []any{services}}, huaweiBytes)
	return c.topic("gateway/sub_devices/properties/report"), payload, "", err
}

// HuaweiSource is the configuration of the source for Huawei Cloud IoTDA.
type HuaweiSource struct {
	Datasource string `prop:"datasource,required" doc:"commands and set (properties that the cloud sets), to be answered with message topic of the sink; messages: of the cloud to the device; or filters of topics, with commas between them."`
	QoS        uint8  `prop:"qos" doc:"Quality of service of the subscription: 0 or 1."`
	HuaweiDevice
}

// Validate checks what the types cannot say.
func (c *HuaweiSource) Validate() error {
	return errors.Join(checkFilters(c.filters(), c.QoS), c.HuaweiDevice.check())
}

func (c *HuaweiSource) filters() []string {
	return filtersOf(c.Datasource, map[string]string{"commands": c.topic("commands/#"), "set": c.topic("properties/set/#"),
		"messages": c.topic("messages/down")})
}

func registerHuawei(r *connector.Registry, pool *mqttclient.Pool) {
	device := HuaweiDevice{Link: defaultLink}
	publication := defaultPublication
	publication.Confirm = false // it gives no verdicts
	connector.AddSink(r, connector.SinkSpec[HuaweiSink]{
		Name: "huaweiiot",
		Summary: "Publishes results to Huawei Cloud IoTDA: as properties of a device or of those behind it, or to a topic. " +
			"The password is made of the device's secret for each connection. The cloud gives no verdict on properties: those that are not in the product model it leaves out." + cloudNote,
		Defaults: HuaweiSink{Message: "property", HuaweiDevice: device, Publication: publication},
		Example: `{"server": "a1b2c3.iot-mqtts.cn-north-4.myhuaweicloud.com", "deviceId": "5e06bfee334dd4f33759f5b3_boiler", "secret": "secret",
 "sendSingle": true, "serviceId": "boiler", "fields": ["temperature", "ts"], "timeField": "ts"}`,
		Target: func(c HuaweiSink) string {
			return fmt.Sprintf("%s on %s", c.DeviceID, mqttclient.Redact(addressOf(c.Server)))
		},
		New: func(c HuaweiSink, env connector.Env) (connector.Sink, error) {
			o, err := c.options()
			return newCloudSink(o, c.dialect(), pool, env), err
		},
	})
	connector.AddSource(r, connector.SourceSpec[HuaweiSource]{
		Name:     "huaweiiot",
		Summary:  "Subscribes to what Huawei Cloud IoTDA sends a device." + cloudNote,
		Defaults: HuaweiSource{QoS: 1, HuaweiDevice: device},
		Example:  `{"datasource": "commands", "server": "a1b2c3.iot-mqtts.cn-north-4.myhuaweicloud.com", "deviceId": "boiler", "secret": "secret"}`,
		New: func(c HuaweiSource, env connector.Env) (connector.Source, error) {
			o, err := c.options()
			return newCloudSource(o, c.filters(), c.QoS, pool, env), err
		},
	})
}
