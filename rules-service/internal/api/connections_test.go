package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
	"sluice/tests/servers"
)

// real is a service with the connectors of the product.
func real(t *testing.T) *bench { return &bench{apitest.StartBuiltin(t, t.TempDir(), ""), t} }

// get returns a JSON answer.
func (b *bench) get(path string, into any) {
	b.t.Helper()
	status, text, _ := b.Call(b.t, "GET", path, "")
	if status != 200 {
		b.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		b.t.Fatalf("GET %s: %v in %s", path, err, text)
	}
}

// eventually polls until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + what)
		}
	}
}

type shownConnection struct {
	ID, Typ, Status, Err string
	Props                map[string]any
	IsNamed              bool
	RefCount             int
}

func TestConnections(t *testing.T) {
	noLeak(t)
	b := real(t)
	b.want("GET", "/connections", "", 200, "[]\n")
	b.want("POST", "/connections", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:1","password":"hush"}}`, 201, "success")
	b.refused("POST", "/connections", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:1"}}`, 400, 1000, "connection c1 already exists")
	var c shownConnection
	b.get("/connections/c1", &c)
	if c.ID != "c1" || c.Typ != "mqtt" || !c.IsNamed || c.RefCount != 0 || c.Props["password"] != "<secret>" ||
		c.Status != "disconnected" || !strings.Contains(c.Err, "refused") {
		t.Errorf("%+v", c)
	}
	b.want("PUT", "/connections/c1", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:2","password":"<secret>"}}`, 200, "success")
	b.want("PUT", "/connections/c2", `{"typ":"mqtt","props":{"server":"tcp://127.0.0.1:2"}}`, 200, "success")
	var list []shownConnection
	b.get("/connections?forceAll=true", &list)
	if len(list) != 2 || list[0].ID != "c1" || list[0].Props["server"] != "tcp://127.0.0.1:2" || list[1].ID != "c2" {
		t.Errorf("%+v", list)
	}
	b.refused("GET", "/connections/c3", "", 400, 1000, "connection c3 is not found; did you mean")
	b.want("DELETE", "/connections/c3", "", 200, "success")
	b.want("DELETE", "/connections/c2", "", 200, "success")
	b.refused("PUT", "/connections/c1", `{"id":"c9","typ":"mqtt"}`, 400, 1000, `id "c9" in the body is not the id "c1" in the path`)
	b.refused("POST", "/connections", `{`, 400, 1000, "the body must be JSON such as")
	b.refused("POST", "/connections", `{"id":"","typ":"mqtt","props":{"server":"tcp://127.0.0.1:1"}}`, 400, 1000, "the name is empty")
}

// R: a connection of an unknown type was made.
func TestConnectionsOfUnknownTypesAreRefused(t *testing.T) {
	b := real(t)
	b.refused("POST", "/connections", `{"id":"c1","typ":"mqt","props":{}}`, 400, 1000, `unknown type of connection "mqt"; did you mean "mqtt"?`)
	b.refused("POST", "/connections", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:1","pasword":"x"}}`, 400, 1000, `did you mean "password"?`)
	b.want("GET", "/connections", "", 200, "[]\n")
}

// One named connection carries a stream and an action; its state is theirs, and
// it moves both when it changes.
func TestNamedConnectionCarriesRules(t *testing.T) {
	noLeak(t)
	first, second := servers.Mosquitto(t), servers.Mosquitto(t)
	b := real(t)
	props := func(s *servers.Process) string {
		return fmt.Sprintf(`"props":{"server":"tcp://%s","timeout":"20s"}`, s.Addr())
	}
	b.want("POST", "/connections", `{"id":"Plant","typ":"mqtt",`+props(first)+`}`, 201, "success")
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="in", TYPE="mqtt", FORMAT="json", EXTRA="{\"connectionSelector\":\"Plant\"}")`), 201, "Stream plant is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT * FROM plant","actions":[{"mqtt":{"connectionSelector":"Plant","topic":"out"}},{"log":{}}]}`, 201, "Rule r was created successfully.")
	connected := func() bool {
		var c shownConnection
		b.get("/connections/Plant", &c)
		if c.RefCount != 2 {
			t.Fatalf("%+v", c)
		}
		return c.Status == "connected"
	}
	eventually(t, "connected", connected)
	b.refused("PUT", "/connections/Plant", `{"typ":"mqtt","props":{"server":"nowhere"}}`, 400, 1000, "is no URL")
	first.Kill()
	eventually(t, "disconnected", func() bool {
		var c shownConnection
		b.get("/connections/Plant", &c)
		return c.Status == "disconnected" && c.Err != ""
	})
	b.want("PUT", "/connections/Plant", `{"typ":"mqtt",`+props(second)+`}`, 200, "success")
	eventually(t, "connected to the other broker", connected)
	for _, path := range []string{"/connections/Plant"} {
		_, text, _ := b.Call(t, "DELETE", path, "")
		if !strings.Contains(text, "connection Plant of type mqtt is used by stream plant, rule r; change them first") {
			t.Error(text)
		}
	}
	b.want("DELETE", "/rules/r", "", 200, "Rule r is dropped.")
	b.want("DELETE", "/streams/plant", "", 200, "Stream plant is dropped.")
	b.want("DELETE", "/connections/Plant", "", 200, "success")
}

func TestUnknownSelectorsAreRefused(t *testing.T) {
	b := real(t)
	b.want("POST", "/connections", `{"id":"c1","typ":"mqtt","props":{"server":"tcp://127.0.0.1:1"}}`, 201, "success")
	b.refused("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="in", TYPE="mqtt", FORMAT="json", EXTRA="{\"connectionSelector\":\"c2\"}")`), 400, 2201, `connection c2 is not found; did you mean "c1"?`)
	b.refused("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="in", TYPE="mqtt", FORMAT="json", CONF_KEY="k")`), 400, 2201, "configuration key k of source mqtt is not found")
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="in", TYPE="mqtt", FORMAT="json")`), 201, "Stream plant is created.")
	b.refused("POST", "/rules", `{"id":"r","sql":"SELECT * FROM plant","actions":[{"mqtt":{"connectionSelector":"c3","topic":"out"}}]}`, 400, 2201, `property "connectionSelector": connection c3 is not found; did you mean "c1"?`)
	b.refused("POST", "/rules", `{"id":"r","sql":"SELECT * FROM plant","actions":[{"mqtt":{"resourceId":"k","topic":"out"}}]}`, 400, 2201, `property "resourceId": configuration key k of sink mqtt is not found`)
}
