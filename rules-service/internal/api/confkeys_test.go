package api_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/tests/servers"
)

func TestConfigurationKeys(t *testing.T) {
	b := real(t)
	b.want("GET", "/metadata/sources/yaml/mqtt", "", 200, "{}\n")
	b.want("PUT", "/metadata/sources/mqtt/confKeys/k1", `{"server":"tcp://127.0.0.1:1","password":"x"}`, 200, "")
	b.want("GET", "/metadata/sources/yaml/mqtt", "", 200, `{"k1":{"password":"<secret>","server":"tcp://127.0.0.1:1"}}`+"\n")
	b.want("PUT", "/metadata/sinks/mqtt/confKeys/s9", `{"server":"tcp://u:hush@127.0.0.1:1"}`, 200, "")
	b.want("PUT", "/metadata/connections/mqtt/confKeys/c9", `{"server":"tcp://127.0.0.1:1"}`, 200, "")
	b.want("GET", "/metadata/resources", "", 200, `{"sinks":[{"s9":"mqtt"}],"sources":[{"k1":"mqtt"}]}`+"\n")
	b.want("GET", "/metadata/resource?sourceType=mqtt", "", 200, `{"k1":{"password":"<secret>","server":"tcp://127.0.0.1:1"}}`+"\n")
	b.want("GET", "/metadata/resource?sinkType=mqtt", "", 200, `{"s9":{"server":"tcp://u:<secret>@127.0.0.1:1"}}`+"\n")
	b.refused("GET", "/metadata/resource", "", 400, 5000, "the query must name a type")
	var list []shownConnection
	if b.get("/connections", &list); len(list) != 1 || list[0].ID != "c9" {
		t.Errorf("%+v", list)
	}
	b.refused("PUT", "/metadata/sources/mqtt/confKeys/k2", `{"sever":"x"}`, 400, 5000, `did you mean "server"?`)
	b.refused("PUT", "/metadata/sources/mqtt/confKeys/k2", `[]`, 400, 5000, "the body must be JSON such as")
	b.refused("PUT", "/metadata/sources/mqt/confKeys/k2", `{}`, 400, 5000, `unknown source type "mqt"; did you mean "mqtt"?`)
	b.refused("DELETE", "/metadata/sources/mqtt/confKeys/k2", "", 400, 5000, "configuration key k2 of source mqtt is not found")
	b.refused("GET", "/metadata/sources/yaml/mqt", "", 400, 5000, `did you mean "mqtt"?`)
	b.refused("GET", "/metadata/things/yaml/mqtt", "", 404, 1002, "there are sources, sinks and connections")
	b.want("DELETE", "/metadata/sources/mqtt/confKeys/k1", "", 200, "")
	b.want("GET", "/metadata/resources", "", 200, `{"sinks":[{"s9":"mqtt"}],"sources":null}`+"\n")
}

func TestKeysInUseStay(t *testing.T) {
	b := real(t)
	b.want("PUT", "/metadata/sources/mqtt/confKeys/k1", `{"server":"tcp://127.0.0.1:1"}`, 200, "")
	b.want("PUT", "/metadata/sinks/rest/confKeys/erp", `{"url":"http://127.0.0.1:1/x"}`, 200, "")
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="in", TYPE="mqtt", FORMAT="json", CONF_KEY="k1")`), 201, "Stream plant is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT * FROM plant","actions":[{"rest":{"resourceId":"erp","sendSingle":true}}]}`, 201, "Rule r was created successfully.")
	b.refused("DELETE", "/metadata/sources/mqtt/confKeys/k1", "", 400, 5000, "configuration key k1 of source mqtt is used by stream plant; change them first")
	b.refused("DELETE", "/metadata/sinks/rest/confKeys/erp", "", 400, 5000, "configuration key erp of sink rest is used by rule r; change them first")
	b.refused("PUT", "/metadata/sinks/rest/confKeys/erp", `{"method":"POST"}`, 400, 2201, `rule r would be refused`)
	b.want("GET", "/metadata/sinks/yaml/rest", "", 200, `{"erp":{"url":"http://127.0.0.1:1/x"}}`+"\n")
	b.want("PUT", "/connections/c1", `{"typ":"mqtt","props":{"server":"tcp://127.0.0.1:1"}}`, 200, "success")
	b.want("PUT", "/metadata/sources/mqtt/confKeys/k1", `{"connectionSelector":"c1"}`, 200, "")
	b.refused("DELETE", "/connections/c1", "", 400, 1000, "is used by stream plant, configuration key k1 of source mqtt; change them first")
}

// A changed key reaches the rules that run.
func TestChangedKeyReachesRunningRules(t *testing.T) {
	hits := make(chan string, 100)
	server := func(name string) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits <- name }))
		t.Cleanup(s.Close)
		return s
	}
	old, other := server("old"), server("new")
	b := real(t)
	b.want("PUT", "/metadata/sinks/rest/confKeys/erp", fmt.Sprintf(`{"url":%q}`, old.URL), 200, "")
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="in", TYPE="test", FORMAT="json")`), 201, "Stream plant is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT * FROM plant","actions":[{"rest":{"resourceId":"erp"}}]}`, 201, "Rule r was created successfully.")
	for _, want := range []string{"old", "new"} {
		b.Send(t, `{"a":1}`)
		select {
		case got := <-hits:
			if got != want {
				t.Fatalf("%s was called, want %s", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s was not called", want)
		}
		b.want("PUT", "/metadata/sinks/rest/confKeys/erp", fmt.Sprintf(`{"url":%q}`, other.URL), 200, "")
	}
}

func TestTestOfAConnection(t *testing.T) {
	noLeak(t)
	b := real(t)
	url := "tcp://" + servers.Mosquitto(t).Addr()
	b.want("POST", "/metadata/sources/connection/mqtt", fmt.Sprintf(`{"server":%q,"datasource":"x","qos":1}`, url), 200, "")
	b.want("POST", "/metadata/sinks/connection/mqtt", fmt.Sprintf(`{"server":%q,"topic":"x"}`, url), 200, "")
	b.want("POST", "/metadata/connections/connection/mqtt", fmt.Sprintf(`{"server":%q}`, url), 200, "")
	b.want("POST", "/connections", fmt.Sprintf(`{"id":"c1","typ":"mqtt","props":{"server":%q,"password":"x","username":"y"}}`, url), 201, "success")
	b.want("POST", "/metadata/sources/connection/mqtt", `{"connectionSelector":"c1"}`, 200, "")
	b.want("POST", "/metadata/connections/connection/mqtt?key=c1", fmt.Sprintf(`{"server":%q,"password":"<secret>"}`, url), 200, "")
	b.refused("POST", "/metadata/sources/connection/mqtt", `{"server":"tcp://127.0.0.1:1","datasource":"x"}`, 400, 1003, "refused")
	b.refused("POST", "/metadata/sinks/connection/rest", `{"url":"http://127.0.0.1:1/x"}`, 400, 1003, "refused")
	b.refused("POST", "/metadata/sinks/connection/log", `{}`, 400, 1000, "sink log doesn't support ping connection")
	b.refused("POST", "/metadata/sources/connection/mqtt", `{"server":"nowhere"}`, 400, 1000, "is no URL")
	b.refused("POST", "/metadata/sources/connection/mqt", `{}`, 400, 1000, `did you mean "mqtt"?`)
	b.refused("POST", "/metadata/things/connection/mqtt", `{}`, 404, 1002, "is unknown")
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	b.want("POST", "/metadata/sinks/connection/rest", fmt.Sprintf(`{"url":%q}`, server.URL), 200, "")
}

// A server that takes connections and says nothing costs five seconds.
func TestTestOfASilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := real(t)
	f := b.refused("POST", "/metadata/sources/connection/mqtt", fmt.Sprintf(`{"server":"tcp://%s","timeout":"1h"}`, l.Addr()), 400, 1003, "")
	if message, _ := f["message"].(string); !strings.Contains(message, "no connection within 5s") {
		t.Error(message)
	}
}
