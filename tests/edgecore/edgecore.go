// Package edgecore stands in for the twins of KubeEdge's edge in tests: its
// topics over MQTT, its checks and its answers, as they are at 1.22.
package edgecore

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// longEnough is far above what anything takes on a slow machine.
const longEnough = time.Minute

// Edgecore knows some devices by their ids.
type Edgecore struct {
	t    testing.TB
	addr string

	mu     sync.Mutex
	conn   paho.Client
	mute   bool
	levels int                               // of the ids that are heard; 0: any
	twins  map[string]map[string]*twinOfCore // by device
	states map[string][]string
	seen   []seen
	series []seen
	number int
}

type twinOfCore struct {
	expected, actual *string
	kind             string
	optional         bool
}

type seen struct{ topic, payload string }

// Levels sets how many levels the ids in topics have; others are not heard.
// Without it all are.
func (e *Edgecore) Levels(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.levels = n
}

// Series are the time series so far, by topic and payload.
func (e *Edgecore) Series() (out [][2]string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.series {
		out = append(out, [2]string{s.topic, s.payload})
	}
	return out
}

// States are all states of a device so far.
func (e *Edgecore) States(id string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.states[id])
}

// New connects to the broker at an address, until the end of the test.
func New(t testing.TB, addr string, devices ...string) *Edgecore {
	t.Helper()
	e := &Edgecore{t: t, addr: addr, states: map[string][]string{}}
	e.Forget(devices...)
	e.start()
	t.Cleanup(func() { e.stop() })
	return e
}

// Forget is what a restart with another database does.
func (e *Edgecore) Forget(devices ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.twins = map[string]map[string]*twinOfCore{}
	for _, id := range devices {
		e.twins[id] = map[string]*twinOfCore{}
	}
}

func (e *Edgecore) start() {
	e.t.Helper()
	e.number++
	wanted := map[string]byte{"$hw/events/device/#": 1, "$hw/events/node/#": 1, "$ke/events/device/#": 1}
	subscribed := make(chan error, 100)
	c := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + e.addr).SetClientID(fmt.Sprint("edgecore", e.number)).SetOrderMatters(true).
		SetAutoReconnect(true).SetMaxReconnectInterval(100 * time.Millisecond).SetCleanSession(true).SetDefaultPublishHandler(e.take).
		SetOnConnectHandler(func(c paho.Client) {
			token := c.SubscribeMultiple(wanted, nil)
			token.Wait()
			subscribed <- token.Error()
		}))
	e.mu.Lock()
	e.conn = c
	e.mu.Unlock()
	if token := c.Connect(); !token.WaitTimeout(longEnough) || token.Error() != nil {
		e.t.Fatal(token.Error())
	}
	if err := <-subscribed; err != nil {
		e.t.Fatal(err)
	}
}

func (e *Edgecore) stop() {
	e.mu.Lock()
	c := e.conn
	e.mu.Unlock()
	c.Disconnect(50)
}

// Publish publishes a message with an event_id, a timestamp and more.
func (e *Edgecore) Publish(topic string, more map[string]any) {
	m := map[string]any{"event_id": "", "timestamp": time.Now().UnixMilli()}
	maps.Copy(m, more)
	body, err := json.Marshal(m)
	if err != nil {
		e.t.Error(err)
	}
	e.conn.Publish(topic, 1, false, body)
}

// GoodName and GoodValue match the properties and values that twins take.
var (
	GoodName  = regexp.MustCompile(`^[a-zA-Z0-9\-_.,:/@#]{1,128}$`)
	GoodValue = regexp.MustCompile(`^[a-zA-Z0-9\-_.,:/@#]{0,512}$`)
)

var (
	updateTopic = regexp.MustCompile(`^\$hw/events/device/([^/]+(?:/[^/]+)?)/(twin/update|twin/get|state/update)$`)
	memberTopic = regexp.MustCompile(`^\$hw/events/node/([^/]+)/membership/get$`)
)

func (e *Edgecore) take(_ paho.Client, q paho.Message) {
	topic := q.Topic()
	e.mu.Lock()
	defer e.mu.Unlock()
	if strings.HasPrefix(topic, "$ke/") {
		e.series = append(e.series, seen{topic, string(q.Payload())})
		return
	}
	if memberTopic.MatchString(topic) && !e.mute {
		e.members(strings.TrimSuffix(topic, "/get") + "/get/result")
		return
	}
	parts := updateTopic.FindStringSubmatch(topic)
	if parts == nil {
		return
	}
	if e.levels > 0 && strings.Count(parts[1], "/")+1 != e.levels {
		return // without a word, as it does
	}
	e.seen = append(e.seen, seen{topic, string(q.Payload())})
	if e.mute {
		return
	}
	var m struct {
		EventID string                     `json:"event_id"`
		Twin    map[string]json.RawMessage `json:"twin"`
		State   string                     `json:"state"`
	}
	if err := json.Unmarshal(q.Payload(), &m); err != nil {
		e.t.Errorf("%s: %v", topic, err)
		return
	}
	switch id := parts[1]; parts[2] {
	case "twin/update":
		e.update(id, m.EventID, m.Twin)
	case "twin/get":
		e.get(id, m.EventID)
	case "state/update":
		if slices.Contains([]string{"online", "offline", "ok", "unknown", "unhealthy"}, strings.ToLower(m.State)) && e.twins[id] != nil {
			e.states[id] = append(e.states[id], m.State)
		}
	}
}

func (e *Edgecore) members(topic string) {
	var list []map[string]string
	for id := range e.twins {
		list = append(list, map[string]string{"id": id, "name": id[strings.LastIndex(id, "/")+1:]})
	}
	e.Publish(topic, map[string]any{"devices": list})
}

// update is all or nothing.
func (e *Edgecore) update(id, event string, twin map[string]json.RawMessage) {
	result := "$hw/events/device/" + id + "/twin/update/result"
	own := e.twins[id]
	if own == nil {
		e.Publish(result, map[string]any{"code": 404, "reason": "update rejected due to the device is not existed"})
		return
	}
	type change struct {
		Expected, Actual *struct{ Value *string }
		Metadata         *struct{ Type string }
	}
	changes := map[string]*change{}
	for name, raw := range twin {
		var c *change
		if err := json.Unmarshal(raw, &c); err != nil {
			e.t.Errorf("%s: %v", raw, err)
			return
		}
		if !GoodName.MatchString(name) || c != nil && c.Actual != nil && !GoodValue.MatchString(*c.Actual.Value) {
			e.Publish("$hw/events/device//twin/update/result", map[string]any{"code": 400, "reason": "the key or value has characters that are not allowed"})
			return
		}
		changes[name] = c
	}
	for name, c := range changes {
		kind := "string"
		if own[name] != nil {
			kind = own[name].kind
		} else if c != nil && c.Metadata != nil && c.Metadata.Type != "" {
			kind = c.Metadata.Type
		}
		if c == nil || c.Actual == nil {
			continue
		}
		if err := CheckKind(kind, *c.Actual.Value); err != nil {
			e.Publish(result, map[string]any{"event_id": event, "code": 400, "reason": err.Error()})
			return
		}
	}
	for name, c := range changes {
		if c == nil {
			if own[name] != nil && own[name].optional {
				delete(own, name)
			}
			continue
		}
		if own[name] == nil {
			own[name] = &twinOfCore{kind: "string", optional: true}
			if c.Metadata != nil && c.Metadata.Type != "" {
				own[name].kind = c.Metadata.Type
			}
		}
		if c.Actual != nil {
			own[name].actual = c.Actual.Value
		}
		if c.Expected != nil {
			own[name].expected = c.Expected.Value
		}
	}
	e.Publish(result, map[string]any{"event_id": event, "twin": twin})
	e.Publish("$hw/events/device/"+id+"/twin/update/document", map[string]any{"event_id": event, "twin": map[string]any{}})
	e.delta(id)
}

// CheckKind finds why a value is none of a type.
func CheckKind(kind, value string) error {
	var err error
	switch kind {
	case "int", "integer":
		_, err = strconv.ParseInt(value, 10, 64)
	case "float":
		_, err = strconv.ParseFloat(value, 64)
	case "boolean":
		if value != "true" && value != "false" {
			err = strconv.ErrSyntax
		}
	case "string":
	default:
		return fmt.Errorf("value type is not allowed")
	}
	if err != nil {
		return fmt.Errorf("the value is not %s", kind)
	}
	return nil
}

func (e *Edgecore) delta(id string) {
	differ, twin := map[string]string{}, map[string]any{}
	for name, p := range e.twins[id] {
		if p.expected == nil || *p.expected == "" {
			continue
		}
		twin[name] = map[string]any{"expected": map[string]any{"value": *p.expected}, "metadata": map[string]any{"type": p.kind}}
		if p.actual == nil || *p.actual != *p.expected {
			differ[name] = *p.expected
		}
	}
	if len(differ) > 0 {
		e.Publish("$hw/events/device/"+id+"/twin/update/delta", map[string]any{"event_id": "of the server", "twin": twin, "delta": differ})
	}
}

func (e *Edgecore) get(id, event string) {
	result := "$hw/events/device/" + id + "/twin/get/result"
	if e.twins[id] == nil {
		e.Publish(result, map[string]any{"event_id": event, "code": 404, "reason": "Device " + id + " not found while getting twin"})
		return
	}
	twin := map[string]any{}
	for name, p := range e.twins[id] {
		one := map[string]any{"optional": p.optional, "metadata": map[string]any{"type": p.kind}}
		if p.expected != nil {
			one["expected"] = map[string]any{"value": *p.expected, "metadata": map[string]any{"timestamp": 1}}
		}
		if p.actual != nil {
			one["actual"] = map[string]any{"value": *p.actual, "metadata": map[string]any{"timestamp": 1}}
		}
		twin[name] = one
	}
	e.Publish(result, map[string]any{"event_id": event, "twin": twin})
}

// Add takes a device up, as the cloud would.
func (e *Edgecore) Add(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.twins[id] = map[string]*twinOfCore{}
	e.Publish("$hw/events/node/edge1/membership/updated", map[string]any{"added_devices": []map[string]string{{"id": id}}, "removed_devices": nil})
}

// Expect sets a desired value, as the cloud did up to 1.14.
func (e *Edgecore) Expect(id, property, kind, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.twins[id][property]
	if p == nil {
		p = &twinOfCore{kind: kind}
		e.twins[id][property] = p
	}
	p.expected = &value
	e.delta(id)
}

// Has is what the twin of a device has.
func (e *Edgecore) Has(id string) map[string]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]string{}
	for name, p := range e.twins[id] {
		if p.actual != nil {
			out[name] = p.kind + " " + *p.actual
		}
	}
	return out
}

// State is the last state of a device.
func (e *Edgecore) State(id string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if all := e.states[id]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// Updates are the reports about a device so far.
func (e *Edgecore) Updates(id string) (out []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.seen {
		if s.topic == "$hw/events/device/"+id+"/twin/update" {
			out = append(out, s.payload)
		}
	}
	return out
}

// Mute makes it hear without a word, as one that is away would, or ends that.
func (e *Edgecore) Mute(mute bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mute = mute
}
