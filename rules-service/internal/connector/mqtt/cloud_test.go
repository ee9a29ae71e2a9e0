package mqtt

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

func openNamed(t *testing.T, r *connector.Registry, name string, props map[string]any) connector.Sink {
	t.Helper()
	return connectortest.OpenSink(t, r, name, props, connectortest.Quiet())
}

func openNamedSource(t *testing.T, r *connector.Registry, name string, props map[string]any) connector.Source {
	t.Helper()
	return connectortest.OpenSource(t, r, name, props, connectortest.Quiet())
}

func merged(sets ...map[string]any) map[string]any {
	out := map[string]any{}
	for _, s := range sets {
		maps.Copy(out, s)
	}
	return out
}

func TestCloudSinksConform(t *testing.T) {
	for _, c := range clouds(t) {
		t.Run(c.name, func(t *testing.T) {
			r := registry()
			h := connectortest.Sink{
				New: func(t *testing.T) connector.Sink {
					return openNamed(t, r, c.name, merged(c.props, map[string]any{"message": "topic", "topic": "{{.x}}"}))
				},
				Message: func(p string) connector.Outbound {
					return connector.Outbound{Payload: []byte(p), Values: map[string]string{"topic": "to/it"}}
				},
				Bad: &connector.Outbound{Payload: []byte("bad"), Values: map[string]string{"topic": "to/+"}},
				Received: func(*testing.T) []string {
					var out []string
					for _, m := range c.broker.Messages() {
						if p, ok := strings.CutPrefix(m, "to/it "); ok {
							out = append(out, p)
						}
					}
					return out
				},
				Break: func(*testing.T) { c.broker.Stop() },
				Mend:  func(t *testing.T) { c.broker.Start(t) },
			}
			h.Run(t)
			if err := c.broker.Refused(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A sink that waits for the cloud's verdict conforms too.
func TestConfirmedCloudSinkConforms(t *testing.T) {
	c := cloudNamed(t, "awsiot")
	r := registry()
	reported := regexp.MustCompile(`"reported":(\{[^}]*\})`)
	h := connectortest.Sink{
		New:     func(t *testing.T) connector.Sink { return openNamed(t, r, c.name, c.props) },
		Message: func(p string) connector.Outbound { return connector.Outbound{Payload: []byte(p)} },
		Bad:     &connector.Outbound{Payload: []byte(`{"verdict":400}`)},
		Received: func(*testing.T) []string {
			var out []string
			for _, m := range c.broker.Messages() {
				if p := reported.FindStringSubmatch(m); p != nil {
					out = append(out, p[1])
				}
			}
			return out
		},
		Break: func(*testing.T) { c.broker.Stop() },
		Mend:  func(t *testing.T) { c.broker.Start(t) },
	}
	h.Run(t)
}

func TestCloudSourcesConform(t *testing.T) {
	topics := map[string][2]string{
		"awsiot":     {"delta", "$aws/things/boiler/shadow/update/delta"},
		"azureiot":   {"desired, methods", "$iothub/methods/POST/start/?$rid=1"},
		"aliyuniot":  {"set", "/sys/pk/boiler/thing/service/property/set"},
		"huaweiiot":  {"commands", "$oc/devices/boiler/sys/commands/request_id=1"},
		"tencentiot": {"control", "PK/boiler/control"},
	}
	for _, c := range clouds(t) {
		t.Run(c.name, func(t *testing.T) {
			r := registry()
			h := connectortest.Source{
				New: func(t *testing.T) connector.Source {
					return openNamedSource(t, r, c.name, with(c.props, "datasource", topics[c.name][0]))
				},
				Send: func(t *testing.T, payloads ...string) {
					for _, p := range payloads {
						if c.broker.Push(topics[c.name][1], []byte(p)) != 1 {
							t.Fatal("nobody has subscribed")
						}
					}
				},
				Break: func(*testing.T) { c.broker.Stop() },
				Mend:  func(t *testing.T) { c.broker.Start(t) },
			}
			h.Run(t)
		})
	}
}

var idInMessage = regexp.MustCompile(`[0-9a-f]{8}-\d+|"id":"\d+"`)

// What is published, to which topics.
func TestCloudShapes(t *testing.T) {
	row := `{"t":21.5,"big":9007199254740993,"at":1700000000000}`
	for _, s := range []struct {
		cloud  string
		props  map[string]any
		values map[string]string
		row    string
		want   string
	}{
		{"awsiot", nil, nil, row, `$aws/things/boiler/shadow/update {"clientToken":"ID","state":{"reported":{"at":1700000000000,"big":9007199254740993,"t":21.5}}}`},
		{"awsiot", map[string]any{"shadow": "s", "confirm": false}, nil, `[{"t":1}]`, `$aws/things/boiler/shadow/name/s/update {"clientToken":"ID","state":{"reported":{"t":1}}}`},
		{"azureiot", nil, nil, row, `devices/boiler/messages/events/$.ct=application%2Fjson&$.ce=utf-8 ` + row},
		{"azureiot", map[string]any{"properties": map[string]any{"level": "{{.l}}", "a b": "c"}, "contentType": ""},
			map[string]string{"properties.level": "hot & high", "properties.a b": "c"}, "any", `devices/boiler/messages/events/a%20b=c&level=hot%20%26%20high any`},
		{"azureiot", map[string]any{"message": "twin"}, nil, `{"t":21.5}`, `$iothub/twin/PATCH/properties/reported/?$rid=ID {"t":21.5}`},
		{"aliyuniot", nil, nil, `{"T":21.5}`, `/sys/pk/boiler/thing/event/property/post {ID,"method":"thing.event.property.post","params":{"T":{"value":21.5}},"version":"1.0"}`},
		{"aliyuniot", map[string]any{"timeField": "at"}, nil, row, `/sys/pk/boiler/thing/event/property/post {ID,"method":"thing.event.property.post","params":{"big":{"time":1700000000000,"value":9007199254740993},"t":{"time":1700000000000,"value":21.5}},"version":"1.0"}`},
		{"aliyuniot", map[string]any{"message": "event", "event": "{{.e}}", "timeField": "at"}, map[string]string{"event": "hot"}, `{"t":1,"at":"2023-11-14T22:13:20Z"}`,
			`/sys/pk/boiler/thing/event/hot/post {ID,"method":"thing.event.hot.post","params":{"time":1700000000000,"value":{"t":1}},"version":"1.0"}`},
		{"huaweiiot", map[string]any{"serviceId": "boiler"}, nil, `{"temp":21.5}`, `$oc/devices/boiler/sys/properties/report {"services":[{"properties":{"temp":21.5},"service_id":"boiler"}]}`},
		{"huaweiiot", map[string]any{"serviceId": "{{.s}}", "timeField": "at"}, map[string]string{"serviceId": "b"}, `{"temp":21.5,"at":1700000000000}`,
			`$oc/devices/boiler/sys/properties/report {"services":[{"event_time":"20231114T221320Z","properties":{"temp":21.5},"service_id":"b"}]}`},
		{"huaweiiot", map[string]any{"serviceId": "b", "subDevice": "{{.d}}"}, map[string]string{"subDevice": "d7"}, `{"temp":1}`,
			`$oc/devices/boiler/sys/gateway/sub_devices/properties/report {"devices":[{"device_id":"d7","services":[{"properties":{"temp":1},"service_id":"b"}]}]}`},
		{"tencentiot", nil, nil, `{"t":1}`, `PK/boiler/event {"t":1}`},
		{"tencentiot", map[string]any{"message": "shadow"}, nil, `{"t":1}`, `$shadow/operation/PK/boiler {"clientToken":"ID","state":{"reported":{"t":1}},"type":"update"}`},
	} {
		t.Run(s.cloud, func(t *testing.T) {
			c := cloudNamed(t, s.cloud)
			sink := openNamed(t, registry(), s.cloud, merged(c.props, s.props))
			if err := sink.Connect(limited(t)); err != nil {
				t.Fatal(err, c.broker.Refused())
			}
			if err := sink.Write(limited(t), []connector.Outbound{{Payload: []byte(s.row), Values: s.values}}); err != nil {
				t.Fatal(err)
			}
			got := c.broker.Messages()
			if len(got) != 1 || idInMessage.ReplaceAllString(got[0], "ID") != s.want {
				t.Errorf("\n got %s\nwant %s", got, s.want)
			}
		})
	}
}

// Verdicts of clouds become the classes of errors, each for its own message.
func TestCloudVerdicts(t *testing.T) {
	for _, c := range clouds(t) {
		if c.row == nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			s := openNamed(t, registry(), c.name, merged(c.props, c.row))
			if err := s.Connect(limited(t)); err != nil {
				t.Fatal(err, c.broker.Refused())
			}
			write := func(rows ...string) error {
				msgs := make([]connector.Outbound, len(rows))
				for i, row := range rows {
					msgs[i].Payload = []byte(row)
				}
				return s.Write(limited(t), msgs)
			}
			if err := write(`{"a":1}`, `{"a":2}`, `{"a":3}`); err != nil {
				t.Fatal(err)
			}
			var permanent *connector.Permanent
			var partial *connector.Partial
			if err := write(`{"verdict":400}`); !errors.As(err, &permanent) || errors.As(err, &partial) {
				t.Errorf("a refusal is %v", err)
			}
			err := write(`{"a":1}`, `{"verdict":460}`, `no row`, `{"a":2}`)
			if !errors.As(err, &partial) || !slices.Equal(partial.Failed, []int{1, 2}) || !errors.As(err, &permanent) {
				t.Errorf("refusals among others are %v", err)
			}
			for code, text := range map[int]string{500: "500", 429: "429", 403: "allowed"} {
				if err := write(fmt.Sprintf(`{"verdict":%d}`, code)); err == nil || errors.As(err, &permanent) || !strings.Contains(err.Error(), text) {
					t.Errorf("%d is %v", code, err)
				}
			}
			behind := []int{0, 1, 3} // values have times
			if c.name != "aliyuniot" {
				behind = []int{0, 1, 2, 3} // a state is not overtaken
			}
			err = write(`{"verdict":400}`, `{"verdict":500}`, `{"a":2}`, `{"verdict":500}`)
			failed := []int{0, 1, 2, 3}
			if errors.As(err, &partial) {
				failed = partial.Failed
			}
			if err == nil || errors.As(err, &permanent) || !slices.Equal(failed, behind) {
				t.Errorf("a refusal beside what may pass is %v", err)
			}
		})
	}
}

// Without an answer a message is sent again.
func TestCloudThatDoesNotAnswer(t *testing.T) {
	c := cloudNamed(t, "azureiot")
	s := openNamed(t, registry(), c.name, merged(c.props, c.row, map[string]any{"timeout": "3s"}))
	if err := s.Connect(limited(t)); err != nil {
		t.Fatal(err)
	}
	err := s.Write(limited(t), []connector.Outbound{{Payload: []byte(`{"a":1}`)}, {Payload: []byte(`{"verdict":0}`)}})
	var partial *connector.Partial
	if !errors.Is(err, errNoVerdict) || !errors.As(err, &partial) || !slices.Equal(partial.Failed, []int{1}) {
		t.Error(err)
	}
}

// When the connection ends nobody waits for the cloud any longer.
func TestCloudThatGoesAway(t *testing.T) {
	c := cloudNamed(t, "awsiot")
	s := openNamed(t, registry(), c.name, merged(c.props, map[string]any{"timeout": "1h"}))
	if err := s.Connect(limited(t)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Write(limited(t), []connector.Outbound{{Payload: []byte(`{"verdict":0}`)}}) }()
	for deadline := time.Now().Add(patience); len(c.broker.Messages()) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	c.broker.Stop()
	if err := <-done; !errors.Is(err, connector.ErrConnectionLost) {
		t.Error(err)
	}
}

// All sources and sinks of a device have one connection.
func TestCloudDeviceHasOneConnection(t *testing.T) {
	for _, c := range clouds(t) {
		r := registry()
		source := openNamedSource(t, r, c.name, with(c.props, "datasource", "own/topic"))
		if err := source.Connect(limited(t)); err != nil {
			t.Fatal(c.name, err, c.broker.Refused())
		}
		for range 2 {
			s := openNamed(t, r, c.name, merged(c.props, map[string]any{"message": "topic", "topic": "own/topic"}))
			if err := s.Connect(limited(t)); err != nil {
				t.Fatal(c.name, err)
			}
		}
		if n := c.broker.Logins(); n != 1 {
			t.Errorf("%s: there were %d connections", c.name, n)
		}
	}
}

// A device that the cloud does not know, or that does not trust the cloud, says
// so without its secrets.
func TestCloudRefuses(t *testing.T) {
	for _, c := range clouds(t) {
		c.broker.Admit = func(*packets.ConnectPacket, *x509.Certificate) error { return errStranger }
		expired, trust := servers.Expired(t)
		for name, props := range map[string]map[string]any{
			"ot Authorized": nil,
			"expired":       {"server": "ssl://" + expired, "rootCaPath": trust},
			"refused":       {"server": fmt.Sprintf("tcp://127.0.0.1:%d", servers.FreePort(t))},
		} {
			s := openNamed(t, registry(), c.name, merged(c.props, map[string]any{"message": "topic", "topic": "x"}, props))
			err := s.Connect(limited(t))
			if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), cloudKey) {
				t.Errorf("%s: got %v, want %s", c.name, err, name)
			}
		}
	}
}

// What a cloud would refuse for its size is not sent.
func TestCloudSizes(t *testing.T) {
	ids := newCounter()
	big := func(n int) *connector.Outbound {
		return &connector.Outbound{Payload: []byte(`{"a":"` + strings.Repeat("x", n) + `"}`)}
	}
	for name, c := range map[string]struct {
		d     dialect
		limit int
	}{
		"aws shadow":     {(&AWSSink{Message: "shadow"}).dialect(ids), 8 << 10},
		"azure event":    {(&AzureSink{Message: "event"}).dialect(ids), 256 << 10},
		"azure twin":     {(&AzureSink{Message: "twin"}).dialect(ids), 32 << 10},
		"aliyun":         {(&AliyunSink{Message: "property"}).dialect(ids), 256 << 10},
		"huawei":         {(&HuaweiSink{Message: "property"}).dialect(), 1 << 20},
		"tencent shadow": {(&TencentSink{Message: "shadow"}).dialect(ids), 8 << 10},
	} {
		if _, payload, _, err := c.d.shape(big(c.limit - 200)); err != nil || len(payload) > c.limit {
			t.Errorf("%s: %d bytes, %v", name, len(payload), err)
		}
		if _, _, _, err := c.d.shape(big(c.limit)); err == nil || !strings.Contains(err.Error(), fmt.Sprint(c.limit)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrongTime := &connector.Outbound{Payload: []byte(`{"a":1,"at":"noon"}`)}
	for _, d := range []dialect{(&AliyunSink{Message: "property", TimeField: "at"}).dialect(ids), (&HuaweiSink{Message: "property", TimeField: "at"}).dialect()} {
		if _, _, _, err := d.shape(wrongTime); err == nil || !strings.Contains(err.Error(), "column at is no time") {
			t.Error(err)
		}
	}
}
