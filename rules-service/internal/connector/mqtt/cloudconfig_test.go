package mqtt

import (
	"strings"
	"testing"

	"sluice/rules-service/internal/connectortest"
)

// Mistakes in the properties of clouds are found when a rule is made.
func TestCloudMistakes(t *testing.T) {
	base := map[string]map[string]any{
		"awsiot":     {"server": "tcp://h", "thingName": "b"},
		"azureiot":   {"server": "h", "deviceId": "b", "sharedAccessKey": cloudKey},
		"aliyuniot":  {"region": "r", "productKey": "p", "deviceName": "b", "deviceSecret": "TOPSECRET"},
		"huaweiiot":  {"server": "h", "deviceId": "b", "secret": "TOPSECRET", "serviceId": "s"},
		"tencentiot": {"productId": "p", "deviceName": "b", "deviceSecret": cloudKey},
	}
	for _, c := range []struct {
		sink  string
		props map[string]any
		want  string
	}{
		{"awsiot", map[string]any{"server": "h"}, `properties "certificationPath" and "privateKeyPath" are missing`},
		{"awsiot", map[string]any{"server": "ftp://h"}, `property "server": server "ftp://h:1883": there are tcp, ssl, ws and wss`},
		{"awsiot", map[string]any{"thingName": "a/b"}, `property "thingName": "a/b" cannot be a level of a topic`},
		{"awsiot", map[string]any{"thingName": ""}, `property "thingName" is missing`},
		{"awsiot", map[string]any{"shadow": "#"}, `property "shadow": "#"`},
		{"awsiot", map[string]any{"message": "twin"}, `property "message": there are shadow, topic, not "twin"`},
		{"awsiot", map[string]any{"message": "topic"}, `property "topic" is empty`},
		{"awsiot", map[string]any{"message": "topic", "topic": "a/#"}, `cannot be published to`},
		{"awsiot", map[string]any{"topic": "a"}, `property "topic" is for message topic alone`},
		{"awsiot", map[string]any{"qos": 2}, `property "qos": the cloud takes 0 and 1, not 2`},
		{"awsiot", map[string]any{"qos": "high"}, `property "qos": a whole number is wanted`},
		{"awsiot", map[string]any{"timeout": "0s"}, `properties "timeout" and "keepAlive" must be positive`},
		{"awsiot", map[string]any{"thing": "b"}, `unknown property "thing"; did you mean "thingName"?`},
		{"azureiot", map[string]any{"sharedAccessKey": "TOPSECRET!"}, `property "sharedAccessKey" is not base64`},
		{"azureiot", map[string]any{"sharedAccessKey": ""}, `property "sharedAccessKey" is missing`},
		{"azureiot", map[string]any{"certificationPath": "x"}, `give sharedAccessKey or a certificate`},
		{"azureiot", map[string]any{"life": "1s"}, `property "life" must be at least 1m0s`},
		{"azureiot", map[string]any{"message": "twin", "properties": map[string]any{"a": "b"}}, `property "properties" is for events alone`},
		{"aliyuniot", map[string]any{"server": "h"}, `give one of the properties "region" and "server"`},
		{"aliyuniot", map[string]any{"signMethod": "md5"}, `property "signMethod": there are hmacsha256 and hmacsha1, not "md5"`},
		{"aliyuniot", map[string]any{"keepAlive": "10s"}, `property "keepAlive" must be 30s to 20m0s`},
		{"aliyuniot", map[string]any{"clientid": "a|b"}, `property "clientid" must not have a |`},
		{"aliyuniot", map[string]any{"message": "event"}, `property "event" goes with message event`},
		{"aliyuniot", map[string]any{"event": "e"}, `property "event" goes with message event`},
		{"aliyuniot", map[string]any{"message": "topic", "topic": "a", "timeField": "t"}, `property "timeField" is for properties and events alone`},
		{"huaweiiot", map[string]any{"serviceId": ""}, `property "serviceId" is missing`},
		{"huaweiiot", map[string]any{"message": "topic", "topic": "t"}, `are for message property alone`},
		{"tencentiot", map[string]any{"deviceSecret": "TOPSECRET!"}, `property "deviceSecret" is not base64`},
		{"tencentiot", map[string]any{"keepAlive": "16m"}, `property "keepAlive" must be up to 15m0s`},
		{"tencentiot", map[string]any{"life": "10s"}, `property "life" must be at least`},
	} {
		info, err := registry().Sink(c.sink)
		if err != nil {
			t.Fatal(err)
		}
		_, err = info.Decode(merged(base[c.sink], c.props), connectortest.Quiet())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "TOPSECRET") {
			t.Errorf("%s %v:\n got %v\nwant %s", c.sink, c.props, err, c.want)
		}
	}
	for name, props := range base {
		delete(props, "serviceId")
		info, err := registry().Source(name)
		if err != nil {
			t.Fatal(err)
		}
		for datasource, want := range map[string]string{"a/#/b": "#", "": `property "datasource" is missing`} {
			if _, err := info.Decode(with(props, "datasource", datasource), connectortest.Quiet()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s from %q: %v", name, datasource, err)
			}
		}
		if _, err := info.Decode(merged(props, map[string]any{"datasource": "a", "qos": 2}), connectortest.Quiet()); err == nil || !strings.Contains(err.Error(), "0 and 1, not 2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever clouds answer is read or left.
func FuzzCloudAnswers(f *testing.F) {
	f.Add("$iothub/twin/res/204/?$rid=7&$version=3", []byte(`{"code":200,"id":"7"}`))
	f.Add("a/rejected", []byte(`{"clientToken":"x","code":429,"message":"m"}`))
	f.Add("$iothub/twin/res/x/?", []byte(`{"clientToken":"x","result":3}`))
	f.Fuzz(func(_ *testing.T, topic string, payload []byte) {
		for _, read := range []reader{readShadow, readTwin, readReply, readOperation} {
			_ = read(topic, payload)
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"h", "h:1", "tcp://h", "[::1]:2", "ssl://%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, server string) {
		once := addressOf(server)
		if again := addressOf(once); again != once {
			t.Errorf("%q is %q, and then %q", server, once, again)
		}
		_ = hostOf(once)
	})
}
