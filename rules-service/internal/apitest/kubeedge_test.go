package apitest

import (
	"fmt"
	"strings"
	"testing"

	paho "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/servers"
)

const boilerModels = `
apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: {name: boiler-model}
spec:
  properties:
  - {name: temperature, type: FLOAT, accessMode: ReadOnly}
  - {name: exact, type: DOUBLE, accessMode: ReadOnly}
  - {name: threshold, type: INT, accessMode: ReadWrite}
  - {name: burning, type: BOOLEAN, accessMode: ReadOnly}
  - {name: serial, type: STRING, accessMode: ReadOnly}
  - {name: raw, type: BYTES, accessMode: ReadOnly}
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: {name: boiler-1}
spec: {deviceModelRef: {name: boiler-model}, nodeName: edge1}
`

// edge is a broker at the edge and a service that reads it.
type edge struct {
	plant
	broker paho.Client
	server string
}

func newEdge(t *testing.T) edge {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "boiler.yaml", boilerModels)
	put(t, dir, "flat.json", `{"deviceModels":[{"name":"device1","properties":[{"name":"temperature","dataType":"int"},{"name":"name","dataType":"string"},{"name":"on","dataType":"boolean"}]}]}`)
	e := edge{plant: newPlant(t, dir), server: "tcp://" + servers.Mosquitto(t).Addr()}
	e.broker = paho.NewClient(paho.NewClientOptions().AddBroker(e.server).SetAutoReconnect(false))
	e.done(e.broker.Connect())
	t.Cleanup(func() { e.broker.Disconnect(0) })
	return e
}

func (e edge) done(token paho.Token) {
	e.t.Helper()
	if !token.WaitTimeout(patience) || token.Error() != nil {
		e.t.Fatal("the broker does not answer:", token.Error())
	}
}

// read defines a stream and a rule on it, and waits until it is subscribed.
func (e edge) read(stream, columns, options, extra, sql string) {
	e.t.Helper()
	e.define(fmt.Sprintf(`CREATE STREAM %s (%s) WITH (%s, EXTRA="{\"server\":\"%s\",\"timeout\":\"20s\"%s}")`, stream, columns, options, e.server, extra))
	e.rule(stream, sql, "test", single)
	e.until("the broker has the subscription", func() bool { return e.figure(stream, "source_"+stream+"_0_connection_status") == 1 })
}

func (e edge) send(topic, payload string) {
	e.t.Helper()
	e.done(e.broker.Publish(topic, 1, false, payload))
}

const (
	withModels = `,\"kubeedgeModelFile\":\"boiler.yaml\"`
	report     = `{"event_id":"e1","timestamp":5,"twin":{"temperature":{"actual":{"value":"81.5","metadata":{"timestamp":4}},"metadata":{"type":"string"}},"threshold":{"actual":{"value":"80"}}}}`
)

// Streams on the twins of KubeEdge have columns with the types of the model,
// whatever the message and the depth of the id.
func TestKubeEdgeStreams(t *testing.T) {
	e := newEdge(t)
	e.read("twins", "", `TYPE="kubeedge", DATASOURCE="twin, delta, document, data, result"`, withModels,
		`SELECT *, meta(kind) AS kind, meta(device) AS device, meta(namespace) AS ns, meta(event_id) AS id, meta(timestamp) AS ts FROM twins`)
	for _, c := range []struct{ topic, in, want string }{
		{"$hw/events/device/boiler-1/twin/update", report, `{"device":"boiler-1","id":"e1","kind":"twin","temperature":81.5,"threshold":80,"ts":5}`},
		{"$hw/events/device/default/boiler-1/twin/update", report, `{"device":"boiler-1","id":"e1","kind":"twin","ns":"default","temperature":81.5,"threshold":80,"ts":5}`},
		{"$hw/events/device/default/boiler-1/twin/update/delta",
			`{"event_id":"u","timestamp":6,"twin":{"threshold":{"expected":{"value":"85"},"actual":{"value":"80"},"metadata":{"type":"int"}},"burning":{"expected":{"value":"true"}}},"delta":{"threshold":"85"}}`,
			`{"device":"boiler-1","id":"u","kind":"delta","ns":"default","threshold":85,"ts":6}`},
		{"$hw/events/device/default/boiler-1/twin/update/document",
			`{"event_id":"d","timestamp":7,"twin":{"burning":{"last":null,"current":{"actual":{"value":"true"},"metadata":{"type":"boolean"}}},"serial":{"last":{"actual":{"value":"7"}},"current":null}}}`,
			`{"burning":true,"device":"boiler-1","id":"d","kind":"document","ns":"default","serial":null,"ts":7}`},
		{"$ke/events/device/boiler-1/data/update",
			`{"event_id":"","timestamp":8,"data":{"exact":{"value":"0.1","metadata":{"timestamp":"8","type":"double"}},"serial":{"value":"007"},"raw":{"value":"AQID"},"extra":{"value":"3","metadata":{"type":"int"}}}}`,
			`{"device":"boiler-1","exact":0.1,"extra":3,"id":"","kind":"data","raw":"AQID","serial":"007","ts":8}`},
		{"$hw/events/device/boiler-1/twin/update", `{"temperature":"20","threshold":7,"burning":"true"}`,
			`{"burning":true,"device":"boiler-1","kind":"twin","temperature":20,"threshold":7}`},
	} {
		e.send(c.topic, c.in)
		e.Want(t, c.want)
	}
	e.send("$hw/events/device/boiler-1/twin/update", `{"twin":`)
	e.send("$hw/events/device/boiler-1/twin/update", `{"twin":{"threshold":{"actual":{"value":"high"}},"temperature":{"actual":{"value":"1"}}}}`)
	e.Want(t, `{"device":"boiler-1","kind":"twin","temperature":1}`)
	if _, body, _ := e.Call(t, "GET", "/rules/twins/status", ""); !strings.Contains(body, `property \"threshold\": \"high\" is no BIGINT`) {
		t.Error(body)
	}
	if n := e.figure("twins", "source_twins_0_exceptions_total"); n != 2 {
		t.Errorf("%v messages are counted as wrong", n)
	}
}

// Typed columns are numbers to SQL, and a property tells what else is known.
func TestKubeEdgeColumnsInSQL(t *testing.T) {
	e := newEdge(t)
	e.read("hot", "", `TYPE="kubeedge", DATASOURCE="twin"`, withModels,
		`SELECT temperature * 2 AS double, threshold / 7 AS whole, meta(temperature->timestamp) AS at FROM hot WHERE temperature > threshold`)
	e.send("$hw/events/device/default/boiler-1/twin/update", strings.ReplaceAll(report, "81.5", "9"))
	e.send("$hw/events/device/default/boiler-1/twin/update", report)
	e.Want(t, `{"at":4,"double":163,"whole":11}`)
}

// The time of the message is that of the row where TIMESTAMP says so.
func TestKubeEdgeEventTime(t *testing.T) {
	e := newEdge(t)
	e.define(fmt.Sprintf(`CREATE STREAM timed () WITH (TYPE="kubeedge", DATASOURCE="twin", TIMESTAMP="timestamp", EXTRA="{\"server\":\"%s\",\"timeout\":\"20s\"%s}")`, e.server, withModels))
	status, body, _ := e.Call(t, "POST", "/rules", `{"id":"timed","sql":"SELECT count(*) AS n, window_end() AS e FROM timed GROUP BY TUMBLINGWINDOW(ss, 10)",
		"actions":[{"test":{"sendSingle":true}}],"options":{"isEventTime":true,"lateTolerance":0}}`)
	if status != 201 {
		t.Fatal(status, body)
	}
	e.until("the broker has the subscription", func() bool { return e.figure("timed", "source_timed_0_connection_status") == 1 })
	for _, at := range []int{20001, 20002, 30001, 45000} {
		e.send("$hw/events/device/boiler-1/twin/update", fmt.Sprintf(`{"timestamp":%d,"twin":{"threshold":{"actual":{"value":"1"}}}}`, at))
	}
	e.Want(t, `{"e":30000,"n":2}`)
	e.Want(t, `{"e":40000,"n":1}`)
}

// FORMAT="kubeedge" of an mqtt stream reads the same with the types that are
// declared or that messages say.
func TestKubeEdgeFormat(t *testing.T) {
	e := newEdge(t)
	e.read("ke", "threshold BIGINT", `TYPE="mqtt", DATASOURCE="$hw/events/device/+/+/twin/update", FORMAT="kubeedge"`, "",
		`SELECT *, meta(device) AS device FROM ke`)
	e.send("$hw/events/device/default/boiler-1/twin/update", report)
	e.Want(t, `{"device":"boiler-1","threshold":80}`)
}

// The mqtt source with a model file converts as eKuiper up to 1.12 did.
func TestKubeEdgeModelFileOfMQTT(t *testing.T) {
	e := newEdge(t)
	e.read("flat", "", `TYPE="mqtt", DATASOURCE="$hw/events/device/+/twin/update", FORMAT="json"`, `,\"kubeedgeModelFile\":\"flat.json\",\"kubeedgeVersion\":\"1.4\"`, "SELECT * FROM flat")
	e.send("$hw/events/device/DEVICE1/twin/update", `{"Temperature":21.9,"name":4.5,"on":true,"other":1.5}`)
	e.Want(t, `{"Temperature":21,"name":"4.5","other":1.5}`)
	e.send("$hw/events/device/device2/twin/update", `{"temperature":21.9}`)
	e.Want(t, `{"temperature":21.9}`)
}

// What is wrong with a stream is said when it is created.
func TestKubeEdgeStreamsThatAreRefused(t *testing.T) {
	e := newEdge(t)
	status, body := e.create(`CREATE STREAM bad () WITH (TYPE="kubeedge", DATASOURCE="twin", EXTRA="{\"server\":\"` + e.server + `\",\"kubeedgeModelFile\":\"none.yaml\"}")`)
	if status != 400 || !strings.Contains(body, "kubeedgeModelFile") || !strings.Contains(body, "none.yaml") {
		t.Errorf("%d %s", status, body)
	}
	status, body = e.create(`CREATE STREAM bad () WITH (TYPE="kubeedge", DATASOURCE="twin", EXTRA="{\"kubeedgeModelfil\":\"boiler.yaml\"}")`)
	if status != 400 || !strings.Contains(body, `did you mean \"kubeedgeModelFile\"?`) {
		t.Errorf("%d %s", status, body)
	}
}
