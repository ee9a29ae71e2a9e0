package twin

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/tests/servers"
)

// All readings of an event go in one message, as twins take them; a value that
// has not changed does not go again.
func TestReports(t *testing.T) {
	e := newEdge(t, boiler, "old")
	e.begin(nil, boilerDevice(), Device{Name: "old", ID: "old", Object: "old"})
	event := []Reading{
		{"temperature", "Float32", "8.15e+01"}, {"energy", "Float64", "1.2345678901e+07"}, {"tiny", "Float64", "1e-07"}, {"count", "Uint16", "7"},
		{"below", "Int64", "-9223372036854775808"}, {"on", "Bool", "true"}, {"mode", "String", "AUTO"}, {"a.b:c", "Int8", "-1"},
	}
	e.bridge.Report("boiler-1", event)
	want := values{"temperature": "float 81.5", "energy": "float 12345678.901", "tiny": "float 0.0000001", "count": "int 7",
		"below": "int -9223372036854775808", "on": "boolean true", "mode": "string AUTO", "a.b:c": "int -1"}
	e.twinIs(boiler, want)
	e.bridge.Report("boiler-1", event)
	event[3].Value = "8"
	e.bridge.Report("boiler-1", event)
	want["count"] = "int 8"
	e.twinIs(boiler, want)
	all := e.core.Updates(boiler)
	var second struct {
		EventID   string `json:"event_id"`
		Timestamp int64
		Twin      map[string]any
	}
	if err := json.Unmarshal([]byte(all[len(all)-1]), &second); err != nil || len(second.Twin) != 1 || second.EventID == "" || time.Since(time.UnixMilli(second.Timestamp)).Abs() > longEnough {
		t.Errorf("%s, %v", all[len(all)-1], err)
	}
	if len(all) != 2 {
		t.Errorf("%d reports: %s", len(all), strings.Join(all, "\n"))
	}
	e.bridge.Report("old", []Reading{{"p", "Bool", "false"}})
	e.twinIs("old", values{"p": "boolean false"})
	e.bridge.Report("nobody", event)
}

// What twins refuse is not sent: it would take the other values with it.
func TestLeftOut(t *testing.T) {
	e := newEdge(t, boiler)
	e.begin(nil, boilerDevice())
	event := []Reading{
		{"space", "String", "two words"}, {"plus", "String", "a+b"}, {"percent", "String", "5%"}, {"chinese", "String", "温度"}, {"json", "String", `{"a":1}`},
		{"long", "String", strings.Repeat("x", 513)}, {"large", "Uint64", "9223372036854775808"}, {"nan", "Float64", "NaN"}, {"list", "Int16Array", "[1, 2]"},
		{"object", "Object", ""}, {"picture", "Binary", ""}, {"na me", "Bool", "true"}, {strings.Repeat("n", 129), "Bool", "true"}, {"größe", "Bool", "true"},
		{"fine", "String", strings.Repeat("x", 512)}, {"also-fine_.,:/@#9", "String", "aZ09-_.,:/@#"},
	}
	e.bridge.Report("boiler-1", event)
	e.bridge.Report("boiler-1", event)
	e.twinIs(boiler, values{"fine": "string " + strings.Repeat("x", 512), "also-fine_.,:/@#9": "string aZ09-_.,:/@#"})
	if got := e.bridge.Counts(); got.LeftOut != 28 || got.Refused != 0 {
		t.Errorf("%+v", got)
	}
	for _, r := range event[:14] {
		if n := e.log.count(fmt.Sprintf("property=%s ", r.Property)) + e.log.count(fmt.Sprintf("property=%q ", r.Property)); n != 1 {
			t.Errorf("%s: %d lines", r.Property, n)
		}
	}
	if s := e.bridge.Status(); len(s) != 1 || len(s[0].LeftOut) != 14 || s[0].LeftOut["space"] != "a twin cannot have the character ' ' of the text; letters, digits and - _ . , : / @ # are possible" {
		t.Errorf("%+v", s)
	}
	// "overflow" stands in the place of a number: the twin keeps the last one.
	e.bridge.Report("boiler-1", []Reading{{"level", "Int16", "5"}})
	e.bridge.Report("boiler-1", []Reading{{"level", "String", "overflow"}, {"more", "Int16", "1"}})
	until(t, "the other value", func() bool { return e.core.Has(boiler)["more"] == "int 1" })
	if got := e.core.Has(boiler)["level"]; got != "int 5" {
		t.Error(got)
	}
}

// Only what is asked for is reported, and what is not any more is not repeated.
func TestReportedProperties(t *testing.T) {
	e := newEdge(t, boiler)
	d := boilerDevice()
	d.Reported = map[string]bool{"a": true, "c": true}
	e.begin(nil, d)
	e.bridge.Report("boiler-1", []Reading{{"a", "Bool", "true"}, {"b", "Bool", "true"}, {"c", "Bool", "true"}})
	e.twinIs(boiler, values{"a": "boolean true", "c": "boolean true"})
	d.Reported = map[string]bool{"a": true}
	e.bridge.Add(d)
	before := len(e.core.Updates(boiler))
	e.bridge.Renew()
	until(t, "everything once more", func() bool { return len(e.core.Updates(boiler)) > before })
	if again := e.core.Updates(boiler)[before]; !strings.Contains(again, `"a"`) || strings.Contains(again, `"c"`) {
		t.Errorf("what is not asked for any more is repeated: %s", again)
	}
}

// A property can be taken out while its report is under way, and fails.
func TestPropertyTakenOutMeanwhile(t *testing.T) {
	for _, failure := range []error{ErrSilent, &Refusal{Code: 400, Reason: "one of them"}} {
		synctest.Test(t, func(t *testing.T) {
			s := &still{outcome: failure}
			b := quiet(s, Options{Interval: time.Hour, Spacing: time.Second})
			defer b.Close()
			d := boilerDevice()
			b.Add(d)
			d.Reported = map[string]bool{"a": true}
			s.meanwhile = func() { b.Add(d); s.outcome, s.meanwhile = nil, nil }
			b.Report("boiler-1", []Reading{{"a", "Bool", "true"}, {"c", "Bool", "true"}})
			time.Sleep(3 * time.Second)
			synctest.Wait()
			for i, values := range s.reports {
				if only := []Value{{"a", "true", "boolean"}}; i > 0 && !slices.Equal(values, only) || len(s.reports) < 2 {
					t.Errorf("%v: %v", failure, s.reports)
				}
			}
		})
	}
}

// edgecore keeps the first type of a property. A report that breaks it is
// refused as a whole; then the others of it go alone.
func TestTypeOfFirstReport(t *testing.T) {
	e := newEdge(t, boiler)
	e.core.Expect(boiler, "count", "int", "")
	e.begin(nil, boilerDevice())
	e.bridge.Report("boiler-1", []Reading{{"count", "Float64", "25.5"}, {"a", "Int8", "1"}, {"b", "Int8", "2"}})
	until(t, "refused by itself", func() bool { return e.log.count("value is refused") == 1 })
	e.twinIs(boiler, values{"a": "int 1", "b": "int 2"})
	if s := e.bridge.Status()[0]; s.LeftOut["count"] != "edgecore has refused 25.5" {
		t.Errorf("%+v", s)
	}
	before := len(e.core.Updates(boiler))
	for i := range 5 {
		e.bridge.Report("boiler-1", []Reading{{"count", "Float64", "25.5"}, {"a", "Int8", fmt.Sprint(10 + i)}})
		e.twinIs(boiler, values{"a": fmt.Sprint("int ", 10+i), "b": "int 2"})
	}
	if n := len(e.core.Updates(boiler)) - before; n != 5 {
		t.Errorf("a refused value is sent again: %d reports", n)
	}
	e.bridge.Report("boiler-1", []Reading{{"count", "Float64", "26"}})
	e.twinIs(boiler, values{"a": "int 14", "b": "int 2", "count": "int 26"})
}

// Characters that twins refuse are answered without the device: somebody else
// has sent them, as a bridge does not.
func TestRefusalWithoutDevice(t *testing.T) {
	e := newEdge(t, boiler)
	e.begin(nil, boilerDevice())
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "1"}})
	e.twinIs(boiler, values{"a": "int 1"})
	for range 2 {
		e.core.Publish(devicePrefix+boiler+topicUpdate, map[string]any{"twin": map[string]any{"a": map[string]any{"actual": map[string]any{"value": "not so"}}}})
	}
	until(t, "counted", func() bool { return e.bridge.Counts().Unnamed == 2 })
	if n := e.log.count("without naming the device"); n != 1 {
		t.Errorf("%d lines", n)
	}
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "2"}})
	e.twinIs(boiler, values{"a": "int 2"})
}

// A device that edgecore does not know is not reported on and on, and all of
// it as soon as it is taken up.
func TestUnknownDevice(t *testing.T) {
	e := newEdge(t)
	e.begin(nil, boilerDevice())
	e.bridge.State("boiler-1", Online)
	for i := range 5 {
		e.bridge.Report("boiler-1", []Reading{{"a", "Int8", fmt.Sprint(i)}, {"b", "Bool", "true"}})
		until(t, "refused", func() bool { return e.bridge.Counts().Refused == 1 && !e.bridge.Status()[0].Known })
	}
	if n := e.log.count("does not know the device"); n != 1 || len(e.core.Updates(boiler)) != 1 {
		t.Errorf("%d lines, %d reports", n, len(e.core.Updates(boiler)))
	}
	e.core.Add(boiler)
	e.twinIs(boiler, values{"a": "int 4", "b": "boolean true"})
	until(t, "state", func() bool { return e.core.State(boiler) == "online" && e.bridge.Status()[0].Known })
	// taken up anew, by an edgecore that has forgotten it
	e.core.Add(boiler)
	e.twinIs(boiler, values{"a": "int 4", "b": "boolean true"})
}

// The members of a node tell of a device that was not known.
func TestMembers(t *testing.T) {
	e := newEdge(t)
	e.begin(nil, boilerDevice())
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "1"}})
	until(t, "refused", func() bool { return e.bridge.Counts().Refused == 1 })
	e.core.Forget(boiler)
	e.core.Publish("$hw/events/node/edge1/membership/get", nil)
	e.twinIs(boiler, values{"a": "int 1"})
}

// After the broker was away everything is reported again, the state too.
func TestReconnect(t *testing.T) {
	e := newEdge(t, boiler)
	e.begin(nil, boilerDevice())
	e.bridge.State("boiler-1", Online)
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "1"}, {"b", "Int8", "2"}})
	e.twinIs(boiler, values{"a": "int 1", "b": "int 2"})
	until(t, "online", func() bool { return e.core.State(boiler) == "online" })
	e.broker.Kill()
	until(t, "noticed", func() bool { return e.log.count("not connected to the broker") == 1 })
	for i := range 50 {
		e.bridge.Report("boiler-1", []Reading{{"a", "Int8", fmt.Sprint(i)}})
	}
	e.bridge.State("boiler-1", Unhealthy)
	e.core.Forget(boiler)
	e.broker.Start(t)
	e.twinIs(boiler, values{"a": "int 49", "b": "int 2"})
	until(t, "unhealthy", func() bool { return e.core.State(boiler) == "unhealthy" })
	if n := e.log.count("connected to the broker"); n != 3 {
		t.Errorf("%d lines:\n%s", n, e.log.b.String())
	}
}

// An edgecore that has not answered for a while may have been started anew.
func TestSilence(t *testing.T) {
	e := newEdge(t, boiler)
	e.begin(func(o *Options, c *MQTTConfig) { c.AnswerWithin = 100 * time.Millisecond }, boilerDevice())
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "1"}, {"b", "Int8", "2"}})
	e.twinIs(boiler, values{"a": "int 1", "b": "int 2"})
	e.core.Mute(true)
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "3"}})
	until(t, "noticed", func() bool { return e.log.count("reports are not answered") == 1 })
	e.core.Forget(boiler)
	e.core.Mute(false)
	e.twinIs(boiler, values{"a": "int 3", "b": "int 2"})
	if n := e.log.count("edgecore answers again"); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// From 1.17 on a topic without the namespace is not heard, without a word.
func TestTopicOfWrongDepth(t *testing.T) {
	e := newEdge(t, boiler)
	e.core.Levels(2)
	e.begin(func(o *Options, c *MQTTConfig) { c.AnswerWithin = 50 * time.Millisecond }, Device{Name: "boiler-1", ID: "boiler-1"})
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "1"}})
	until(t, "noticed", func() bool { return e.log.count("reports are not answered") == 1 })
	e.bridge.Add(boilerDevice()) // the setting is mended
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "1"}})
	e.twinIs(boiler, values{"a": "int 1"})
}

// Nobody tells when the cloud was away, so all is reported from time to time.
func TestReportedAgain(t *testing.T) {
	e := newEdge(t, boiler)
	e.begin(func(o *Options, c *MQTTConfig) { o.Interval = 50 * time.Millisecond }, boilerDevice())
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "1"}})
	until(t, "three reports of one value", func() bool { return len(e.core.Updates(boiler)) >= 3 })
}

func TestSeries(t *testing.T) {
	e := newEdge(t, boiler)
	e.begin(func(o *Options, c *MQTTConfig) { o.Series = true }, boilerDevice())
	e.bridge.Report("boiler-1", []Reading{{"a", "Float64", "1.5"}})
	e.twinIs(boiler, values{"a": "float 1.5"})
	for range 2 {
		e.bridge.Report("boiler-1", []Reading{{"a", "Float64", "1.5"}, {"bad", "String", "a b"}})
	}
	until(t, "two records of one value", func() bool { return len(e.core.Series()) >= 2 })
	var m struct {
		Data map[string]struct {
			Value    string
			Metadata struct{ Type string }
		}
	}
	one := e.core.Series()[0]
	if err := json.Unmarshal([]byte(one[1]), &m); err != nil || one[0] != "$ke/events/device/boiler-1/data/update" || len(m.Data) != 1 || m.Data["a"].Value != "1.5" || m.Data["a"].Metadata.Type != "float" {
		t.Errorf("%v, %v", one, err)
	}
}

// Over TLS with a certificate of its own, as edgecore's broker may want it.
func TestTLS(t *testing.T) {
	b := servers.MosquittoTLS(t)
	secret := map[string]string{}
	for key, file := range map[string]string{"cacert": b.CA, "clientcert": b.ClientCert, "clientkey": b.ClientKey} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		secret[key] = string(text)
	}
	c := Config{MQTT: MQTTSection{Server: fmt.Sprintf("ssl://127.0.0.1:%d", b.MutualPort), ClientID: "bridge"}}
	connection, err := c.Connection(secret)
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{T: t, broker: b.Process, plant: newPlant(), log: &logs{}}
	e.begin(func(_ *Options, c *MQTTConfig) { *c = connection })
	until(t, "connected", func() bool { return e.log.count("connected to the broker of KubeEdge") == 1 })
	for key, want := range map[string]string{"cacert": "cacert is no certificate", "clientkey": "clientcert and clientkey"} {
		bad := map[string]string{"cacert": secret["cacert"], "clientcert": secret["clientcert"], "clientkey": secret["clientkey"]}
		bad[key] = "nonsense"
		if _, err := c.Connection(bad); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "nonsense") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestState(t *testing.T) {
	e := newEdge(t, boiler)
	e.begin(nil, boilerDevice())
	for _, s := range []State{Online, Unhealthy, Offline, Offline, Online} {
		e.bridge.State("boiler-1", s)
		until(t, string(s), func() bool { return e.core.State(boiler) == string(s) })
	}
	e.bridge.Remove("boiler-1")
	e.bridge.State("boiler-1", Offline)
	got := slices.Compact(e.core.States(boiler))
	if want := []string{"online", "unhealthy", "offline", "online"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestConfig(t *testing.T) {
	good, err := Config{MQTT: MQTTSection{Server: "tcp://127.0.0.1:1883"}}.WithDefaults()
	if err != nil || good.Options().Interval != time.Minute || good.Options().Spacing != time.Second || !good.Enabled() || (Config{}).Enabled() {
		t.Errorf("%+v, %v", good, err)
	}
	for want, c := range map[string]Config{
		`KubeEdge.Devices: unknown value "some"; there are imported, all`:                                                                           {Devices: "some"},
		`KubeEdge.Properties: unknown value "some"; there are reported, all`:                                                                        {Properties: "some"},
		`KubeEdge.DeviceIDs: unknown value "long"; there are auto, name, namespaced`:                                                                {DeviceIDs: "long"},
		`KubeEdge.ReportInterval: "60" is no duration from 10ms on; write it with its unit, such as "60s"`:                                          {ReportInterval: "60"},
		`KubeEdge.MinInterval: "1ms" is no duration from 10ms on; write it with its unit, such as "1s"`:                                             {MinInterval: "1ms"},
		`KubeEdge.MQTT.Server: "localhost" is no address of a broker; write it like tcp://127.0.0.1:1883 or ssl://host:8883`:                        {MQTT: MQTTSection{Server: "localhost"}},
		`KubeEdge.MQTT.Server: it has a user; put user and password into the secret store and name the secret in SecretName`:                        {MQTT: MQTTSection{Server: "tcp://u:secret@host:1883"}},
		`KubeEdge.DMI.Socket: it is missing; give the path of a socket that edgecore can reach, such as /etc/kubeedge/modbus.sock`:                  {DMI: DMISection{EdgeSocket: "/x"}},
		`KubeEdge.DMI.Protocol: it is missing; give the protocolName of the devices, such as modbus`:                                                {DMI: DMISection{EdgeSocket: "/x", Socket: "/y"}},
		"KubeEdge.Devices: unknown value \"a\"; there are imported, all\nKubeEdge.DeviceIDs: unknown value \"b\"; there are auto, name, namespaced": {Devices: "a", DeviceIDs: "b"},
	} {
		if _, err := c.WithDefaults(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestDeviceIDs(t *testing.T) {
	old, now := &Identity{Namespace: "hall", Name: "b", Old: true, Reported: map[string]bool{"a": true}}, &Identity{Namespace: "hall", Name: "b", Node: "edge2"}
	for _, c := range []struct {
		config Config
		of     *Identity
		id     string
	}{
		{Config{}, old, "b"}, {Config{}, now, "hall/b"}, {Config{DeviceIDs: plain}, now, "b"}, {Config{DeviceIDs: namespaced}, old, "hall/b"},
		{Config{Devices: all}, nil, "default/x"}, {Config{Devices: all, Namespace: "n", DeviceIDs: plain}, nil, "x"}, {Config{}, nil, ""},
	} {
		full, err := c.config.WithDefaults()
		d, ok := full.Device("x", c.of)
		if err != nil || ok != (c.id != "") || ok && d.ID != c.id {
			t.Errorf("%+v: %+v, %v, %v", c, d, ok, err)
		}
	}
	if d, _ := (Config{Node: "edge1", Properties: reported}).Device("x", old); d.Node != "edge1" || !d.Reported["a"] || d.Object != "b" {
		t.Errorf("%+v", d)
	}
}

// The end of a bridge leaves nothing open, whatever is under way.
func TestClose(t *testing.T) {
	e := newEdge(t, boiler)
	e.core.Mute(true)
	e.begin(nil, boilerDevice())
	e.plant.has("boiler-1", "p", "Int8", "0")
	e.plant.held["boiler-1"] = make(chan struct{})
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "1"}})
	answered := make(chan error, 2)
	e.bridge.Desire("boiler-1", values{"p": "1", "q": "2"}, func(_ string, _ Value, err error) { answered <- err })
	until(t, "reported", func() bool { return len(e.core.Updates(boiler)) == 1 })
	e.bridge.Close()
	for range 2 {
		if err := <-answered; !errors.Is(err, ErrNotNow) {
			t.Error(err)
		}
	}
	e.bridge.Report("boiler-1", []Reading{{"a", "Int8", "2"}})
	e.bridge.Desire("boiler-1", values{"p": "3"}, nil)
}
