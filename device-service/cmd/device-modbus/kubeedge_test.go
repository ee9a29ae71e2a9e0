package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"go.yaml.in/yaml/v3"

	"sluice/device-service/internal/twin"
	"sluice/profiles/kubeedge"
	"sluice/tests/edgecore"
	core "sluice/tests/edgecore/dmi"
	"sluice/tests/servers"
	"sluice/tests/stack"
)

// page is the guide, and blocks are its blocks of a kind.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/kubeedge.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func blocks(t *testing.T, kind string) (out []string) {
	t.Helper()
	for _, part := range strings.Split(page(t), "```"+kind+"\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		out = append(out, text)
	}
	if len(out) == 0 {
		t.Fatalf("the guide has no block %q", kind)
	}
	return out
}

const boiler = "default/boiler-1"

// house is the device of the guide in registers, and its files with their port.
func house(t *testing.T) (r *registers, files string) {
	t.Helper()
	r, port := simulate(t)
	r.single(0, 81.5)
	r.set(10, 70)
	r.set(11, 1234)
	return r, strings.ReplaceAll(blocks(t, "yaml kubeedge")[0], "port: 502", fmt.Sprint("port: ", port))
}

func (r *registers) single(at int, v float32) {
	bits := math.Float32bits(v)
	r.set(at, uint16(bits>>16))
	r.set(at+1, uint16(bits))
}

func (r *registers) set(at int, v uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory[at] = v
}

func (r *registers) get(at int) uint16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.memory[at]
}

func eventually(t *testing.T, what string, good func() bool) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		if !good() {
			return fmt.Errorf("not yet: %s", what)
		}
		return nil
	})
}

// imports brings devices of KubeEdge to EdgeX, as sluice import does.
func (p *plant) imports(files string) {
	p.Helper()
	set, findings := kubeedge.Read(kubeedge.File{Name: "a.yaml", Data: []byte(files)})
	result, more := kubeedge.Convert(set, kubeedge.Options{Choices: kubeedge.Choices{CycleUnit: kubeedge.Milliseconds}})
	if errs := append(findings, more...).Errors(); errs != nil {
		p.Fatal(errs)
	}
	post := func(path string, list any) {
		p.Helper()
		body, err := json.Marshal(list)
		if err != nil {
			p.Fatal(err)
		}
		if text := stack.MustCall(p, http.StatusMultiStatus, "POST", p.metadata+path, string(body)); !strings.Contains(text, `"statusCode":201`) {
			p.Fatal(text)
		}
	}
	for _, one := range result.Profiles {
		post("deviceprofile", []requests.DeviceProfileRequest{requests.NewDeviceProfileRequest(one.DeviceProfile)})
	}
	for _, one := range result.Devices {
		post("device", []requests.AddDeviceRequest{requests.NewAddDeviceRequest(one.Device)})
	}
}

// A device of KubeEdge reports its twin over MQTT and takes desired values.
func TestTwinOverMQTT(t *testing.T) {
	r, files := house(t)
	broker := servers.Mosquitto(t)
	edge := edgecore.New(t, broker.Addr(), boiler)
	edge.Expect(boiler, "setpoint", "int", "75")
	config := strings.ReplaceAll(blocks(t, "yaml")[0], "127.0.0.1:1883", broker.Addr())
	p := newPlant(t, "[]", "Device: {"+folders+"}\nDriver: {DataDir: RES/data}\n"+config)
	p.imports(files)
	want := map[string]string{"temperature": "float 81.5", "setpoint": "int 75"}
	eventually(t, "twin with the value desired before", func() bool { return reflect.DeepEqual(edge.Has(boiler), want) && edge.State(boiler) == "online" })
	edge.Expect(boiler, "setpoint", "int", "121")
	eventually(t, "refusal", func() bool {
		return strings.Contains(stack.MustCall(t, 200, "GET", p.url+"twins", ""), `"notSet":{"setpoint":"resource \"setpoint\": 121 is above the maximum of 120"}`)
	})
	edge.Expect(boiler, "setpoint", "int", "80")
	eventually(t, "desired value", func() bool { return edge.Has(boiler)["setpoint"] == "int 80" && r.get(10) == 80 })
	p.until("edgex/events/device/device-modbus/boiler/boiler-1/setpoint", func(payload string) bool { return reading(payload, "setpoint") == "80" })
	// The command of the guide gives what the guide shows.
	_, shown, _ := strings.Cut(blocks(t, "console")[0], "\n")
	edge.Expect(boiler, "threshold", "float", "95.5")
	eventually(t, "desired value of a virtual resource", func() bool { return edge.Has(boiler)["threshold"] == "float 95.5" })
	p.until("edgex/events/device/device-modbus/boiler/boiler-1/threshold", func(payload string) bool { return reading(payload, "threshold") == "95.5" })
	before, after, _ := strings.Cut(strings.TrimSpace(shown), "…")
	if text := strings.TrimSpace(stack.MustCall(t, 200, "GET", p.url+"twins", "")); !strings.HasPrefix(text, before) || !strings.HasSuffix(text, after) {
		t.Errorf("%s\nis not as the guide shows it:\n%s", text, shown)
	}
}

// A device comes and goes with KubeEdge, and takes desired values, when the
// service is a mapper.
func TestMapper(t *testing.T) {
	r, files := house(t)
	dir, err := os.MkdirTemp("", "dmi") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	edge := core.New(filepath.Join(dir, "dmi.sock"))
	if err := edge.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(edge.Kill)
	p := newPlant(t, "[]", fmt.Sprintf("Device: {%s}\nDriver: {DataDir: RES/data}\nKubeEdge: {DMI: {EdgeSocket: %s/dmi.sock, Socket: %s/own.sock, Protocol: modbus}}\n", folders, dir, dir))
	eventually(t, "registration", func() bool { return edge.Mapper("modbus") != nil })
	if err := edge.Apply(files); err != nil {
		t.Fatal(err)
	}
	has := func(property, reported, observed string) func() bool {
		return func() bool {
			twin, _ := edge.Twin(boiler, property)
			return twin.Reported == reported && (observed == "" || twin.Expected == observed)
		}
	}
	eventually(t, "twin", has("temperature", "81.5", ""))
	eventually(t, "state", func() bool { return edge.State(boiler) == "online" })
	if err := edge.Desire(boiler, "setpoint", "85"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "desired value", has("setpoint", "85", "85"))
	if err := edge.Desire(boiler, "threshold", "95.5"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "desired value without a register", has("threshold", "95.5", "95.5"))
	p.until("edgex/events/device/device-modbus/boiler--boiler-1/boiler-1/threshold", func(payload string) bool { return reading(payload, "threshold") == "95.5" })
	if r.get(10) != 85 {
		t.Errorf("register %d", r.get(10))
	}
	if err := edge.Desire(boiler, "setpoint", "200"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "refusal", func() bool { return strings.Contains(p.process.Output(), "200 is above the maximum of 120") })
	if err := edge.Restart(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another registration", func() bool { return edge.Counts().Registrations >= 2 })
	if err := edge.Apply(strings.ReplaceAll(files, "collectCycle: 60000", "collectCycle: 61000")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "changed device", func() bool {
		return strings.Contains(stack.MustCall(t, 200, "GET", p.metadata+"device/name/boiler-1", ""), `"interval":"61s"`)
	})
	if err := edge.Apply(strings.ReplaceAll(files, `maximum: "120"`, `maximum: "300"`)); err != nil { // the model is another one
		t.Fatal(err)
	}
	if err := edge.Desire(boiler, "setpoint", "250"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was refused before", has("setpoint", "250", "250"))
	p.process.Kill()
	r.set(10, 60) // somebody has turned it meanwhile
	p.start()
	eventually(t, "desired value after a restart", func() bool { return r.get(10) == 250 })
	if err := edge.DeleteDevice(boiler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "removed", func() bool {
		code, _, err := stack.Call(context.Background(), "GET", p.metadata+"device/name/boiler-1", "")
		return err == nil && code == http.StatusNotFound
	})
	if c := edge.Counts(); c.Violations+c.Crashes > 0 {
		t.Errorf("%+v", c)
	}
}

// With a broker a mapper reports over MQTT, where types are kept and there is no
// limit; desired values come and are answered over the socket.
func TestMapperWithBroker(t *testing.T) {
	r, files := house(t)
	dir, err := os.MkdirTemp("", "dmi")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	edge := core.New(filepath.Join(dir, "dmi.sock"))
	if err := edge.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(edge.Kill)
	broker := servers.Mosquitto(t)
	twins := edgecore.New(t, broker.Addr(), boiler)
	config := strings.NewReplacer("/etc/kubeedge", dir, "127.0.0.1:1883", broker.Addr()).Replace(blocks(t, "yaml")[2])
	newPlant(t, "[]", "Device: {"+folders+"}\nDriver: {DataDir: RES/data}\n"+config)
	eventually(t, "registration", func() bool { return edge.Mapper("modbus") != nil })
	if err := edge.Apply(files); err != nil {
		t.Fatal(err)
	}
	eventually(t, "twins", func() bool {
		return reflect.DeepEqual(twins.Has(boiler), map[string]string{"temperature": "float 81.5", "setpoint": "int 70"}) && twins.State(boiler) == "online"
	})
	if err := edge.Desire(boiler, "setpoint", "85"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "answer", func() bool {
		twin, _ := edge.Twin(boiler, "setpoint")
		return twin.Reported == "85" && twin.Expected == "85" && twins.Has(boiler)["setpoint"] == "int 85"
	})
	if _, reported := edge.Twin(boiler, "temperature"); reported || r.get(10) != 85 {
		t.Errorf("readings go over the socket, or the register has %d", r.get(10))
	}
}

// Every block of the guide is one that the service takes, and every setting
// stands in the guide and in the configurations of both services, off.
func TestKubeEdgeGuide(t *testing.T) {
	strict := func(text string, into any) {
		t.Helper()
		dec := yaml.NewDecoder(strings.NewReader(text))
		dec.KnownFields(true)
		if err := dec.Decode(into); err != nil {
			t.Errorf("%v:\n%s", err, text)
		}
	}
	for _, block := range blocks(t, "yaml") {
		var file map[string]map[string]any
		strict(block, &file)
		if c, err := settings(t, file["KubeEdge"]).WithDefaults(); err != nil || !c.Enabled() || len(file) != 1 {
			t.Errorf("%v:\n%s", err, block)
		}
	}
	for _, service := range []string{"modbus", "opcua"} {
		text, err := os.ReadFile("../device-" + service + "/res/configuration.yaml")
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]map[string]any
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		c := settings(t, file["KubeEdge"])
		full, err := c.WithDefaults()
		defaults, _ := twin.Config{}.WithDefaults()
		if c.Enabled() || err != nil || full != defaults {
			t.Errorf("%s: %+v, %v", service, full, err)
		}
		for _, name := range names(reflect.TypeOf(c), "") {
			if !strings.Contains(page(t), "| "+name+" |") {
				t.Errorf("%s is not in the guide", name)
			}
			if _, last, _ := strings.Cut("."+name, "."); !strings.Contains(string(text), last[strings.LastIndex(last, ".")+1:]+":") {
				t.Errorf("%s is not in the configuration of %s", name, service)
			}
		}
	}
	var profile dtos.DeviceProfile
	strict(blocks(t, "yaml profile")[0], &profile)
	if len(profile.DeviceResources) != 2 || profile.DeviceResources[1].Attributes["virtual"] != true {
		t.Errorf("%+v", profile)
	}
}

// settings reads a section as the service does, with its names as they are.
func settings(t *testing.T, section map[string]any) (c twin.Config) {
	t.Helper()
	text, err := json.Marshal(section)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		t.Errorf("%v: %s", err, text)
	}
	return c
}

func names(of reflect.Type, before string) (out []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		if f.Type.Kind() == reflect.Struct {
			out = append(out, names(f.Type, before+f.Name+".")...)
			continue
		}
		out = append(out, before+f.Name)
	}
	return out
}

// A virtual resource of the guide's profile works beside registers, over a
// restart of the process.
func TestVirtualResource(t *testing.T) {
	_, port := simulate(t)
	p := newPlant(t, "[]", "Device: {"+folders+"}\nDriver: {DataDir: RES/data}\n")
	var profile dtos.DeviceProfile
	if err := yaml.Unmarshal([]byte(blocks(t, "yaml profile")[0]), &profile); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal([]requests.DeviceProfileRequest{requests.NewDeviceProfileRequest(profile)})
	if err != nil {
		t.Fatal(err)
	}
	stack.MustCall(t, http.StatusMultiStatus, "POST", p.metadata+"deviceprofile", string(body))
	stack.MustCall(t, http.StatusMultiStatus, "POST", p.metadata+"device", fmt.Sprintf(`[{"apiVersion": "v3", "device": {"name": "v1", "profileName": "boiler-with-threshold", "serviceName": "device-modbus",
		"adminState": "UNLOCKED", "operatingState": "UP", "protocols": {"modbus-tcp": {"Address": "127.0.0.1", "Port": "%d", "UnitID": "1"}}, "autoEvents": [{"interval": "100ms", "sourceName": "Values"}]}}]`, port))
	events := "edgex/events/device/device-modbus/boiler-with-threshold/v1/"
	p.until(events+"Values", func(payload string) bool {
		return reading(payload, "threshold") == "80" && reading(payload, "temperature") == "0"
	})
	stack.MustCall(t, 200, "PUT", p.url+"device/name/v1/threshold", `{"threshold": "95.12345678"}`)
	p.until(events+"threshold", func(payload string) bool { return reading(payload, "threshold") == "95.12345678" })
	stack.MustCall(t, 400, "PUT", p.url+"device/name/v1/threshold", `{"threshold": "121"}`)
	p.process.Kill() // at once
	p.start()
	p.mu.Lock()
	clear(p.messages)
	p.mu.Unlock()
	p.until(events+"Values", func(payload string) bool { return reading(payload, "threshold") == "95.12345678" })
}
