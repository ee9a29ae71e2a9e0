package opcua

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// eventsAt is a resource of events at a node.
func eventsAt(name, node string, attributes map[string]any) driver.Resource {
	r := driver.Resource{Name: name, Type: "Object", Readable: true, Attributes: map[string]any{nodeIDAttribute: node}}
	for k, v := range attributes {
		r.Attributes[k] = v
	}
	return r
}

func TestEventsOf(t *testing.T) {
	if e, err := eventsOf(eventsAt("x", "i=2253", nil)); e != nil || err != nil {
		t.Errorf("a variable: %+v, %v", e, err)
	}
	e, err := eventsOf(eventsAt("x", "i=2253", map[string]any{
		"eventFields": "Message, ActiveState/Id,2:Valve,nsu=urn:plant;Line/3:Shift", "eventType": "nsu=urn:plant;i=7", "minSeverity": "500"}))
	if err != nil {
		t.Fatal(err)
	}
	filter, err := e.filter([]string{"http://opcfoundation.org/UA/", "urn:plant"})
	if err != nil {
		t.Fatal(err)
	}
	path := func(names ...*ua.QualifiedName) *ua.SimpleAttributeOperand {
		return &ua.SimpleAttributeOperand{TypeDefinitionID: ua.NewNumericNodeID(0, id.BaseEventType), BrowsePath: names, AttributeID: ua.AttributeIDValue}
	}
	name := func(namespace uint16, name string) *ua.QualifiedName {
		return &ua.QualifiedName{NamespaceIndex: namespace, Name: name}
	}
	want := []*ua.SimpleAttributeOperand{path(name(0, "Message")), path(name(0, "ActiveState"), name(0, "Id")), path(name(2, "Valve")),
		path(name(1, "Line"), name(3, "Shift")), path(name(0, "EventType")), path(name(0, "Time"))}
	got := filter.Value.(*ua.EventFilter)
	if diff := cmp.Diff(want, got.SelectClauses, cmp.Comparer(func(a, b *ua.NodeID) bool { return a.String() == b.String() })); diff != "" {
		t.Error(diff)
	}
	var operators []ua.FilterOperator
	for _, element := range got.WhereClause.Elements {
		operators = append(operators, element.FilterOperator)
	}
	if !slices.Equal(operators, []ua.FilterOperator{ua.FilterOperatorAnd, ua.FilterOperatorOfType, ua.FilterOperatorGreaterThanOrEqual}) {
		t.Errorf("condition %v", operators)
	}
	for _, namespaces := range [][]string{nil, {"urn:other"}} {
		if _, err := e.filter(namespaces); err == nil || !strings.Contains(err.Error(), `namespace "urn:plant" is unknown to the server`) {
			t.Errorf("%v: %v", namespaces, err)
		}
	}
}

func TestWrongEvents(t *testing.T) {
	for want, attributes := range map[string]map[string]any{
		`attribute "eventFields": missing; name the fields`:                         {"minSeverity": 1},
		`"a//b" is not a field; it looks like`:                                      {"eventFields": "a//b"},
		`"nsu=urn:x" is not a field`:                                                {"eventFields": []any{"nsu=urn:x"}},
		`the field "Message" is named twice`:                                        {"eventFields": "Message,0:Message"},
		`attribute "eventType": node id "x": no identifier`:                         {"eventFields": "Message", "eventType": "x"},
		`attribute "minSeverity": 1001 is not a number from 0 to 1000`:              {"eventFields": "Message", "minSeverity": 1001},
		`attribute "eventFieldz": unknown attribute. Did you mean "eventFields"?`:   {"eventFieldz": "Message"},
		`attribute "nodeId": missing`:                                               {"eventFields": "Message", "nodeId": nil},
		`attribute "eventFields": stands beside a method; a resource is one or`:     {"eventFields": "Message", "methodId": "i=1", "objectId": "i=2", "nodeId": nil},
		`attribute "samplingInterval": 5 is not a time span`:                        {"eventFields": "Message", "samplingInterval": 5},
		`attribute "subscribe": maybe is neither true nor false`:                    {"eventFields": "Message", "subscribe": "maybe"},
		`attribute "eventFields": missing; name the fields that are told, such as `: {"eventFields": " , "},
	} {
		r := eventsAt("x", "i=2253", attributes)
		if r.Attributes["nodeId"] == nil {
			delete(r.Attributes, "nodeId")
		}
		err := New(brisk).Validate(deviceAt("one", "opc.tcp://plc"), []driver.Resource{r})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v\nwant %s", attributes, err, want)
		}
	}
	number := eventsAt("x", "i=2253", map[string]any{"eventFields": "Message"})
	number.Type = "String"
	if err := checkResource(number); err == nil || !strings.Contains(err.Error(), "events are of type Object, not String") {
		t.Errorf("%v", err)
	}
}

func FuzzEventFields(f *testing.F) {
	f.Add("Message,ActiveState/Id,2:Valve,nsu=urn:plant;Valve")
	f.Add("nsu=;/,65536:x,:,0:")
	f.Fuzz(func(t *testing.T, text string) {
		fields, err := eventFields(text)
		for _, field := range fields {
			if field.name == "" || len(field.path) == 0 {
				t.Errorf("%q: %+v, %v", text, field, err)
			}
		}
	})
}

func TestReadingOfAnEvent(t *testing.T) {
	e, err := eventsOf(eventsAt("x", "i=2253", map[string]any{"eventFields": "Message,Severity,Comment"}))
	if err != nil {
		t.Fatal(err)
	}
	it := &item{monitored: monitored{resource: driver.Resource{Name: "x", Type: "Object"}, events: e}}
	values := func(kind uint32) []*ua.Variant {
		return []*ua.Variant{ua.MustVariant(ua.NewLocalizedText("too hot")), ua.MustVariant(uint16(700)), nil,
			ua.MustVariant(ua.NewNumericNodeID(0, kind)), ua.MustVariant(noon)}
	}
	want := driver.Reading{Resource: "x", Time: noon, Value: map[string]any{"Message": "too hot", "Severity": uint16(700)}}
	if got, ok := it.event(values(id.BaseEventType), time.Now()); !ok || !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
	if got, ok := it.event(values(id.EventQueueOverflowEventType), time.Now()); ok {
		t.Errorf("an overflow is no event: %+v", got)
	}
	want.Tags = map[string]string{driver.GapTag: driver.GapOverflow}
	if got, ok := it.event(values(id.BaseEventType), time.Now()); !ok || !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
	now := time.Now()
	if got, ok := it.event(append(values(id.BaseEventType)[:3], nil, nil), now); !ok || got.Time != now || got.Tags != nil {
		t.Errorf("without a time: %+v", got)
	}
	if got, ok := it.event(values(id.BaseEventType)[1:], now); !ok || got.Err == nil {
		t.Errorf("a field too few: %+v", got)
	}
}

func eventsOfPeer(t *testing.T, peer *servers.OPCUA) {
	all := eventsAt("All", "i=2253", map[string]any{"eventFields": "Message,Severity,SourceName"}) // of the server
	severe := eventsAt("Severe", "nsu=urn:peer;s=PLC", map[string]any{"eventFields": "Message", "minSeverity": 500})
	trips := eventsAt("Trips", "nsu=urn:peer;s=PLC", map[string]any{"eventFields": "Message,nsu=urn:peer;Valve", "eventType": "nsu=urn:peer;s=TripType"})
	both := eventsAt("Both", "nsu=urn:peer;s=PLC", map[string]any{"eventFields": "Message", "minSeverity": 500, "eventType": "nsu=urn:peer;s=TripType"})
	none := eventsAt("None", "nsu=urn:peer;s=Nothing", map[string]any{"eventFields": "Message"})
	resources := []driver.Resource{all, severe, trips, both, none, peerNode("Count", "Int32")}
	dev := fast("one", peer.Endpoint())
	delete(dev.Protocols[Protocol], resourcesProperty) // events are told without being named there
	d := newDriver(t, brisk)
	b := subscribeTo(t, d, dev, resources)
	await(t, "the refusal, which comes with the rest", func() bool { return b.last("None").Err != nil })

	start := time.Now()
	peer.Tell(t, "raise - 100 - all is well")
	peer.Tell(t, "raise TripType 400 V1 closed")
	peer.Tell(t, "raise TripType 900 V2 burst")
	for i := range 50 {
		peer.Tell(t, fmt.Sprint("raise - 600 - number ", i))
	}
	await(t, "the last event", func() bool { return len(b.of("All")) == 53 && len(b.of("Severe")) == 51 })
	for name, want := range map[string][]any{
		"All":    {map[string]any{"Message": "all is well", "Severity": uint16(100), "SourceName": "PLC"}},
		"Severe": {map[string]any{"Message": "burst"}},
		"Trips":  {map[string]any{"Message": "closed", "Valve": "V1"}, map[string]any{"Message": "burst", "Valve": "V2"}},
		"Both":   {map[string]any{"Message": "burst"}},
	} {
		for i, r := range b.of(name) {
			if i < len(want) && !cmp.Equal(want[i], r.Value) || r.Tags != nil || r.Time.Before(start.Add(-time.Second)) || r.Time.After(time.Now()) {
				t.Errorf("%s: event %d: %+v", name, i, r)
			}
		}
	}
	for i, r := range b.of("Severe")[1:] {
		if want := fmt.Sprint("number ", i); r.Value.(map[string]any)["Message"] != want {
			t.Fatalf("event %d: %+v", i, r)
		}
	}
	if len(b.of("Trips")) != 2 || len(b.of("Both")) != 1 || b.of("Count") != nil {
		t.Errorf("trips %+v, both %+v, count %+v", b.of("Trips"), b.of("Both"), b.of("Count"))
	}
	if r := mustRead(t, d, "one", all, peerNode("Count", "Int32")); !errors.Is(r[0].Err, errEventsRead) || r[1].Value != int32(7) {
		t.Errorf("read: %+v", r)
	}
	if err := d.Write(t.Context(), "one", []driver.Write{{Resource: all, Value: map[string]any{}}}); !errors.Is(err, driver.ErrReadOnly) {
		t.Errorf("write: %v", err)
	}
	eventsGoOn(t, peer, b)
}

// eventsGoOn: what was raised while the session was lost comes, too; after a
// lost subscription the first event has the gap.
func eventsGoOn(t *testing.T, peer *servers.OPCUA, b *inbox) {
	b.forget()
	peer.Tell(t, "forget-sessions")
	peer.Tell(t, "raise - 600 - meanwhile")
	await(t, "the event of the time without a session", func() bool { return len(b.of("Severe")) == 1 })
	if r := b.of("Severe")[0]; r.Tags != nil {
		t.Errorf("%+v", r)
	}
	b.forget()
	peer.Tell(t, "expire")
	await(t, "the subscription to be made again", func() bool { return b.logged("subscription is lost") == 1 && peer.Tell(t, "items") == "4" })
	peer.Tell(t, "raise - 600 - first")
	peer.Tell(t, "raise - 600 - second")
	await(t, "the events", func() bool { return len(b.of("Severe")) == 2 })
	if gaps := b.gaps("Severe"); !slices.Equal(gaps, []string{driver.GapReconnect}) || b.of("Severe")[0].Tags == nil {
		t.Errorf("gaps %v", gaps)
	}
}
