package opcua

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

func TestParseMonitoring(t *testing.T) {
	resource := func(name string, t driver.Type, attributes map[string]any) driver.Resource {
		r := driver.Resource{Name: name, Type: t, Readable: true, Attributes: map[string]any{nodeIDAttribute: "ns=2;s=" + name}}
		for k, v := range attributes {
			r.Attributes[k] = v
		}
		return r
	}
	number, text := resource("Number", "Float64", nil), resource("Text", "String", nil)
	own := resource("Own", "Int32", map[string]any{"subscribe": true, "samplingInterval": "1s", "deadband": "2 %", "queueSize": 5.0, "discardOldest": "false"})
	never := resource("Never", "Int32", map[string]any{"subscribe": "false"})
	writeOnly := resource("WriteOnly", "Int32", nil)
	writeOnly.Readable = false
	method := driver.Resource{Name: "Method", Type: "Int32", Readable: true, Attributes: map[string]any{"methodId": "ns=2;s=m", "objectId": "ns=2;s=o"}}
	resources := []driver.Resource{number, text, own, never, writeOnly, method}

	usual := pace{interval: 500 * time.Millisecond, keepAlive: 10, lifetime: 1200}
	ownItem := monitored{resource: own, sampling: time.Second, deadband: deadband{2, true}, queue: 5, dropNewest: true}
	for _, tc := range []struct {
		properties map[string]any
		want       monitoring
	}{
		{nil, monitoring{usual, []monitored{ownItem}}},
		{map[string]any{"Resources": " Number , Text,"}, monitoring{usual, []monitored{
			{resource: number, sampling: -1, queue: 10}, {resource: text, sampling: -1, queue: 10}, ownItem}}},
		{map[string]any{"Resources": []any{"Number"}, "PublishingInterval": "2s", "SamplingInterval": "0s", "Deadband": 0.5, "QueueSize": "20",
			"DiscardOldest": false, "KeepAliveCount": 3, "LifetimeCount": "9"},
			monitoring{pace{2 * time.Second, 3, 9}, []monitored{
				{resource: number, deadband: deadband{0.5, false}, queue: 20, dropNewest: true}, ownItem}}},
		{map[string]any{"Resources": "*", "Deadband": "1%", "PublishingInterval": "30m", "KeepAliveCount": 2}, monitoring{pace{30 * time.Minute, 2, 6}, []monitored{
			{resource: number, sampling: -1, deadband: deadband{1, true}, queue: 10}, {resource: text, sampling: -1, queue: 10}, ownItem}}},
	} {
		got, err := parseMonitoring(driver.Device{Protocols: map[string]map[string]any{Protocol: tc.properties}}, resources)
		if err != nil {
			t.Errorf("%v: %v", tc.properties, err)
		}
		if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(monitoring{}, monitored{}, deadband{}, pace{})); diff != "" {
			t.Errorf("%v: %s", tc.properties, diff)
		}
	}

	for _, tc := range []struct {
		properties, attributes map[string]any
		want                   string
	}{
		{map[string]any{"Resources": "Numbr"}, nil, `protocol property "Resources": the profile has no resource "Numbr". Did you mean "Number"?`},
		{map[string]any{"Resources": "Method"}, nil, `protocol property "Resources": resource "Method": a method cannot be subscribed to`},
		{map[string]any{"Resources": "WriteOnly"}, nil, `a resource that is write only cannot be subscribed to`},
		{map[string]any{"Resources": 5}, nil, `protocol property "Resources": 5 is not a list of resources; write it as A,B or * for all`},
		{map[string]any{"Resources": []any{5}}, nil, `5 is not the name of a resource`},
		{map[string]any{"PublishingInterval": 500}, nil, `protocol property "PublishingInterval": 500 is not a time span from 1ms to 1h0m0s`},
		{map[string]any{"SamplingInterval": "-1s"}, nil, `protocol property "SamplingInterval": -1s is not a time span from 0s to 1h0m0s`},
		{map[string]any{"Deadband": "-1"}, nil, `protocol property "Deadband": -1 is no change of a value`},
		{map[string]any{"Deadband": "101%"}, nil, `101% is no change of a value`},
		{map[string]any{"QueueSize": 0}, nil, `protocol property "QueueSize": 0 is not a number from 1 on`},
		{map[string]any{"DiscardOldest": "oldest"}, nil, `protocol property "DiscardOldest": oldest is neither true nor false`},
		{map[string]any{"KeepAliveCount": "10", "PublishingInterval": "10m"}, nil, `protocol property "KeepAliveCount": 10 intervals of 10m0s are over 1h0m0s`},
		{map[string]any{"LifetimeCount": "29"}, nil, `protocol property "LifetimeCount": 29 is less than three times the KeepAliveCount of 10`},
		{nil, map[string]any{"subscribe": "yes"}, `resource "x", attribute "subscribe": yes is neither true nor false`},
		{nil, map[string]any{"queueSize": "many"}, `resource "x", attribute "queueSize": many is not a number from 1 on`},
		{nil, map[string]any{"deadband": "wide"}, `resource "x", attribute "deadband": wide is no change of a value`},
		{nil, map[string]any{"samplingInterval": "2"}, `resource "x", attribute "samplingInterval": 2 is not a time span`},
	} {
		_, err := parseMonitoring(driver.Device{Protocols: map[string]map[string]any{Protocol: tc.properties}},
			append(resources, resource("x", "Int32", tc.attributes)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v %v: %v\nwant %s", tc.properties, tc.attributes, err, tc.want)
		}
	}
	method.Attributes["subscribe"] = true
	if _, err := parseMonitoring(driver.Device{}, []driver.Resource{method}); err == nil || !strings.Contains(err.Error(), `resource "Method", attribute "subscribe": a method cannot`) {
		t.Errorf("%v", err)
	}
}

// Whatever is given, a subscription has a pace that a server can keep.
func FuzzParseMonitoring(f *testing.F) {
	f.Add(`{"Resources":"*","PublishingInterval":"1h","KeepAliveCount":4294967295,"LifetimeCount":"3"}`, `{"deadband":"1e400%","subscribe":1}`)
	f.Add(`{"Resources":[[]],"QueueSize":-1,"Deadband":"NaN"}`, `{"queueSize":1e99,"samplingInterval":null}`)
	f.Fuzz(func(t *testing.T, properties, attributes string) {
		var p, a map[string]any
		_, _ = json.Unmarshal([]byte(properties), &p), json.Unmarshal([]byte(attributes), &a)
		m, err := parseMonitoring(driver.Device{Protocols: map[string]map[string]any{Protocol: p}},
			[]driver.Resource{{Name: "x", Type: "Float64", Readable: true, Attributes: a}})
		if m.pace.interval < time.Millisecond || m.pace.keepAlive < 1 || m.pace.lifetime < 3*m.pace.keepAlive || m.pace.interval*time.Duration(m.pace.keepAlive) > longestSilence {
			t.Errorf("pace %+v, %v", m.pace, err)
		}
	})
}

func TestPlaceOfMessages(t *testing.T) {
	for _, tc := range []struct {
		next, came uint32
		want       int
	}{
		{1, 1, 0}, {5, 7, 2}, {5, 4, -1}, {20, 4, -16}, {20, 3, 0}, {4294967295, 1, 2}, {1, 4294967295, -2}, {1, 1000001, 1000000},
	} {
		if got := (&subscription{next: tc.next}).place(tc.came); got != tc.want {
			t.Errorf("%d where %d belongs: %d, want %d", tc.came, tc.next, got, tc.want)
		}
	}
	if after(4294967295) != 1 || after(1) != 2 {
		t.Error("numbers do not begin again at 1")
	}
}

func TestReadingOfAnItem(t *testing.T) {
	since := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	good := func(status ua.StatusCode) *ua.DataValue {
		return &ua.DataValue{Value: ua.MustVariant(1.5), Status: status}
	}
	it := &item{monitored: monitored{resource: driver.Resource{Name: "x", Type: "Float64"}}, gap: &gap{driver.GapLost, since}}
	if r := it.reading(&ua.DataValue{Status: ua.StatusBadSensorFailure}, noon); r.Err == nil || it.gap == nil {
		t.Errorf("without a value the gap stays: %+v", r)
	}
	for _, want := range []map[string]string{
		{"gap": "lost", "gapSince": "2026-03-04T05:06:07Z", "quality": "UncertainLastUsableValue"},
		{"quality": "UncertainLastUsableValue"},
	} {
		if diff := cmp.Diff(want, it.reading(good(ua.StatusUncertainLastUsableValue), noon).Tags); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff(map[string]string{"gap": "overflow"}, it.reading(good(overflow), noon).Tags); diff != "" {
		t.Error(diff)
	}
	it.gap = &gap{reason: driver.GapReconnect}
	if diff := cmp.Diff(map[string]string{"gap": "reconnect"}, it.reading(good(0), noon).Tags); diff != "" {
		t.Error(diff)
	}
	if r := it.reading(nil, noon); r.Err == nil || r.Time != noon {
		t.Errorf("%+v", r)
	}
}

func BenchmarkHandOut(b *testing.B) {
	s := &subscription{items: map[uint32]*item{}}
	out := &outlet{push: func([]driver.Reading) {}}
	n := &ua.DataChangeNotification{}
	for i := range uint32(500) {
		s.items[i] = &item{monitored: monitored{resource: driver.Resource{Name: "x", Type: "Int32"}}, out: out}
		n.MonitoredItems = append(n.MonitoredItems, &ua.MonitoredItemNotification{ClientHandle: i, Value: &ua.DataValue{Value: ua.MustVariant(int32(7)), SourceTimestamp: noon}})
	}
	b.ReportAllocs()
	for b.Loop() {
		s.handOut(n)
	}
}
