package edgex

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluice/tests/servers"
)

// TestConsul runs the service with a real Consul: configuration comes from
// there, and a change of it holds at once.
func TestConsul(t *testing.T) {
	if raceDetector {
		t.Skip("go-mod-bootstrap has a data race with a configuration provider")
	}
	r := newRig(t)
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	consul := startConsul(r)
	consul.configure()
	r.start(filledDriver(), "-cp="+consul.url("consul."))
	r.once("D1", "All")
	if e := r.last("D1", "All"); e.Readings[0].Value != "0.3333333333333333" || e.Readings[0].Units != "bar" {
		t.Errorf("reading %+v", e.Readings[0])
	}
	for _, unit := range []string{"", "bar"} {
		consul.put("core-common-config-bootstrapper/device-services/Writable/Reading/ReadingUnits", fmt.Sprint(unit != ""))
		r.until("unit "+unit, func() bool {
			e := r.last("D1", "All")
			return len(e.Readings) == 5 && e.Readings[0].Units == unit
		})
	}
	consul.put("device-test/Writable/LogLevel", "DEBUG")
	r.until("the new level", func() bool {
		_, text := r.call("GET", "config", "")
		return strings.Contains(text, `"LogLevel":"DEBUG"`)
	})
	r.stop()
}

// configure fills in what EdgeX's bootstrapper would.
func (a *agent) configure() {
	a.r.t.Helper()
	for key, value := range map[string]string{
		"all-services/Writable/LogLevel": "INFO", "all-services/Writable/Telemetry/Interval": "30s",
		"all-services/Service/HealthCheckInterval": "10s", "all-services/Service/RequestTimeout": "60s", "all-services/Service/MaxResultCount": "1024",
		"all-services/MessageBus/Type": "mqtt", "all-services/MessageBus/Protocol": "tcp", "all-services/MessageBus/Host": "127.0.0.1",
		"all-services/MessageBus/Port": fmt.Sprint(a.r.busPort), "all-services/MessageBus/AuthMode": "none", "all-services/MessageBus/BaseTopicPrefix": "edgex",
		"device-services/Clients/core-metadata/Protocol": "http", "device-services/Clients/core-metadata/Host": "127.0.0.1",
		"device-services/Clients/core-metadata/Port": fmt.Sprint(a.r.metaPort),
		"device-services/Device/DataTransform":       "true", "device-services/Device/MaxCmdOps": "128",
		"device-services/Writable/Reading/ReadingUnits": "true",
		"IsCommonConfigReady":                           "true",
	} {
		a.put("core-common-config-bootstrapper/"+key, value)
	}
}

// agent is a Consul agent of the test's own.
type agent struct {
	r    *rig
	port int
}

func startConsul(r *rig) *agent {
	r.t.Helper()
	return &agent{r: r, port: servers.Consul(r.t).Port}
}

func (a *agent) url(kind string) string { return fmt.Sprintf("%shttp://127.0.0.1:%d", kind, a.port) }

func (a *agent) put(key, value string) {
	a.r.t.Helper()
	if err := a.try(key, value); err != nil {
		a.r.t.Fatal(err)
	}
}

func (a *agent) try(key, value string) error {
	q, err := http.NewRequest(http.MethodPut, a.url("")+"/v1/kv/edgex/v3/"+key, strings.NewReader(value))
	if err != nil {
		return err
	}
	res, err := a.r.http.Do(q)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		return fmt.Errorf("put %s: %s", key, res.Status)
	}
	return nil
}
