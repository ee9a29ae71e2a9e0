package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// A plant's eKuiper files and variables work as they stand: connections and
// configuration keys from files and the environment, and the ruleset init.json.
// An import that asks for a new start ends the service with its exit code.
func TestPropertiesFromFilesAndEnvironment(t *testing.T) {
	broker := servers.Mosquitto(t)
	address := "tcp://" + broker.Addr()
	dir := t.TempDir()
	api, sdk := servers.FreePort(t), servers.FreePort(t)
	common := stack.WriteFile(t, dir, "common.yaml", stack.Common(stack.Bus{Type: "mqtt", Port: broker.Port}, servers.FreePort(t), servers.FreePort(t)))
	stack.WriteFile(t, dir, "res/configuration.yaml", stack.RulesConfig(sdk, api, filepath.Join(dir, "data")))
	stack.WriteFile(t, dir, "etc/mqtt_source.yaml", "default:\n  server: tcp://nowhere:1883\n  qos: 0\n")
	stack.WriteFile(t, dir, "etc/connections/connection.yaml", "mqtt:\n  Cloud:\n    server: tcp://nowhere:1883\n    clientid: of-the-file\n")
	ruleset, err := json.Marshal(map[string]map[string]string{
		"streams": {"plant": `CREATE STREAM plant () WITH (DATASOURCE="plant/in", FORMAT="json", TYPE="mqtt")`},
		"rules":   {"hot": `{"id":"hot","sql":"SELECT N FROM plant WHERE N >= 0","actions":[{"mqtt":{"connectionSelector":"Cloud","topic":"plant/out","sendSingle":true}}]}`},
	})
	if err != nil {
		t.Fatal(err)
	}
	stack.WriteFile(t, dir, "data/init.json", string(ruleset))
	p := stack.Start(t, []string{"RULES_ETCDIR=" + filepath.Join(dir, "etc"), "MQTT_SOURCE__DEFAULT__SERVER=" + address, "CONNECTION__MQTT__CLOUD__SERVER=" + address},
		filepath.Join(stack.Binaries(t), "rules-service"), "-cc", common, "-cd", filepath.Join(dir, "res"))
	url := fmt.Sprintf("http://127.0.0.1:%d", api)
	stack.Answers(t, url+"/readyz")

	seen := results(t, broker, "plant/out")
	sender := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(address).SetAutoReconnect(false))
	if k := sender.Connect(); !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	defer sender.Disconnect(100)
	stack.Eventually(t, func(context.Context) error { // qos 0: what comes before the subscription is lost
		sender.Publish("plant/in", 1, false, `{"N":7}`).WaitTimeout(stack.Patience)
		select {
		case n := <-seen:
			if n != 7 {
				t.Fatalf("%d came", n)
			}
			return nil
		case <-time.After(100 * time.Millisecond):
			return errors.New("nothing came: " + stack.MustCall(t, 200, "GET", url+"/rules/hot/status", ""))
		}
	})
	var c struct {
		Status   string
		RefCount int
		Props    map[string]any
	}
	if err := json.Unmarshal([]byte(stack.MustCall(t, 200, "GET", url+"/connections/Cloud", "")), &c); err != nil {
		t.Fatal(err)
	}
	if c.Status != "connected" || c.RefCount != 1 || c.Props["server"] != address || c.Props["clientid"] != "of-the-file" {
		t.Errorf("%+v", c)
	}

	stack.MustCall(t, 200, "POST", url+"/data/import?partial=1&stop=1", `{"content":"{\"streams\":{}}"}`)
	stack.Eventually(t, func(context.Context) error {
		if p.Running() {
			return errors.New("the service runs on")
		}
		return nil
	})
	if code := p.Cmd.ProcessState.ExitCode(); code != 100 {
		t.Errorf("exit code %d, want 100", code)
	}
}
