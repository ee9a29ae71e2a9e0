// Package samples runs the samples as a plant would, with receivers that check
// what they get.
package samples

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

const firstTime = 1700000000000 // of alarm 0; a millisecond later the next

func temperature(n int) float64 { return 80.5 + float64(n%10) }

// alarm is what the boilers publish.
func alarm(t *testing.T, n int) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"device": device(n), "hall": "hall \"1\" & 2", "temperature": temperature(n), "ts": firstTime + n})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// copied is the sample with other addresses.
func copied(t *testing.T, addresses ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"boiler.sql", "hot.yaml"} {
		b, err := os.ReadFile(filepath.Join("boiler-alarm", name))
		if err != nil {
			t.Fatal(err)
		}
		stack.WriteFile(t, dir, filepath.Join("rules-service/samples/boiler-alarm", name), strings.NewReplacer(addresses...).Replace(string(b)))
	}
	return dir
}

// startService starts a rules service that knows the secrets.
func startService(t *testing.T) (url string) {
	t.Helper()
	dir := t.TempDir()
	api, sdk := servers.FreePort(t), servers.FreePort(t)
	common := stack.WriteFile(t, dir, "common.yaml", stack.Common(stack.Bus{Type: "mqtt", Port: servers.FreePort(t)}, servers.FreePort(t), servers.FreePort(t)))
	stack.WriteFile(t, dir, "res/configuration.yaml", stack.RulesConfig(sdk, api, filepath.Join(dir, "data")))
	stack.Start(t, []string{"RULES_SECRET_WECOM_KEY=" + wecomKey, "RULES_SECRET_SAP_PASSWORD=" + sapPassword, "RULES_SECRET_ALIYUN_DEVICESECRET=" + deviceSecret},
		filepath.Join(stack.Binaries(t), "rules-service"), "-cc", common, "-cd", filepath.Join(dir, "res"))
	url = fmt.Sprintf("http://127.0.0.1:%d", api)
	stack.Answers(t, url+"/ping")
	return url
}

// follow runs the commands of the README in dir, and compares what they print.
func follow(t *testing.T, dir, server string) {
	t.Helper()
	b, err := os.ReadFile("boiler-alarm/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, console, _ := strings.Cut(string(b), "```console\n")
	console, _, _ = strings.Cut(console, "```")
	var want, got bytes.Buffer
	want.WriteString(console)
	for line := range strings.Lines(console) {
		command, ok := strings.CutPrefix(line, "$ sluice ")
		if !ok {
			continue
		}
		got.WriteString(line)
		cmd := exec.Command(filepath.Join(stack.Binaries(t), "sluice"), strings.Fields(command)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "SLUICE_SERVER="+server)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		got.Write(out)
	}
	if got.String() != want.String() || want.Len() == 0 {
		t.Errorf("the README is not right:\n got %s\nwant %s", got.String(), want.String())
	}
}

// An alarm reaches all five targets in their forms. While any one of them is
// away, or listens and does not answer, the others get theirs without delay, and
// it gets all of its own when it is back.
func TestBoilerAlarm(t *testing.T) {
	broker := servers.Mosquitto(t)
	wecom, wecomURL := newWeCom(t)
	sap, sapURL := newSAP(t)
	mes, mesURL := newMES(t)
	influx, influxURL, database := newInflux(t)
	cloud, cloudURL := newCloud(t)
	receivers := []*receiver{wecom, sap, mes, influx, cloud}
	dir := copied(t, "tcp://127.0.0.1:1883", "tcp://"+broker.Addr(), "https://qyapi.weixin.qq.com", wecomURL, "https://sap.example.com", sapURL,
		"http://mes.example.com", mesURL, "http://127.0.0.1:8086", influxURL, "region: cn-shanghai", "server: "+cloudURL,
		"msgtype: markdown", "msgtype: markdown\n      limit: "+fmt.Sprintf("%d/%s", wecomMessages, wecomPeriod), // a third of its minute: the test waits for it
		"bodyType: xml", "bodyType: xml\n      timeout: 1h") // as long as the MES may be silent
	url := startService(t)
	follow(t, dir, url)

	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + broker.Addr()).SetAutoReconnect(false))
	if k := client.Connect(); !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	defer client.Disconnect(100)
	published := map[int]time.Time{}
	publish := func(n int) {
		published[n] = time.Now()
		if k := client.Publish("plant/boiler", 1, false, alarm(t, n)); !k.WaitTimeout(stack.Patience) || k.Error() != nil {
			t.Fatal(k.Error())
		}
	}
	got := func(from, to int, except *receiver) {
		t.Helper()
		stack.Eventually(t, func(context.Context) error {
			var missing []error
			for _, r := range receivers {
				if err := r.mistake(); err != nil {
					t.Fatal(err)
				}
				if r != except {
					missing = append(missing, r.has(from, to))
				}
			}
			return errors.Join(missing...)
		})
	}
	stack.Eventually(t, func(context.Context) error { // the stream may not be connected yet
		publish(0)
		return sap.has(0, 1)
	})
	got(0, 1, nil)
	const each = 20
	next := 1
	for _, away := range receivers {
		away.stop()
		from := next
		for ; next < from+each; next++ {
			publish(next)
		}
		got(from, next, away)
		var slowest []string
		for _, r := range receivers {
			if r == away {
				continue
			}
			took := r.slowest(published, from, next)
			if took > r.within {
				t.Errorf("while %s is away, an alarm takes %s to %s", away.name, took, r.name)
			}
			slowest = append(slowest, fmt.Sprintf("%s %s", r.name, took.Round(time.Millisecond)))
		}
		t.Logf("while %s is away, %d alarms: the slowest to %s", away.name, each, strings.Join(slowest, ", "))
		away.restart(t)
		got(from, next, nil)
	}
	for _, r := range receivers {
		if err := r.ordered(); err != nil {
			t.Error(err)
		}
	}
	kept, err := points(database)
	if err != nil || len(kept) != next || !slices.IsSorted(kept) {
		t.Errorf("InfluxDB has the alarms %v of %d, %v", kept, next, err)
	}
}
