package kubeedge

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// stored is what EdgeX and the rules service would answer after an import:
// with ids and times of their own, and numbers as JSON has them.
func stored(t *testing.T, r Result) Existing {
	t.Helper()
	have := Existing{Streams: map[string]string{}, Rules: map[string]map[string]any{}}
	again := func(from, to any) {
		b, err := json.Marshal(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, to); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range r.profiles() {
		var got dtos.DeviceProfile
		again(p, &got)
		got.Id, got.Created, got.Modified = "6d1a1f4e-91a4-4d2e-8a35-d5ffb9b7c4ab", 1, 2
		if len(got.DeviceCommands) == 0 {
			got.DeviceCommands = []dtos.DeviceCommand{}
		}
		have.Profiles = append(have.Profiles, got)
	}
	for _, d := range r.devices() {
		var got dtos.Device
		again(d, &got)
		got.Id, got.Created, got.AdminState, got.OperatingState = "6d1a1f4e-91a4-4d2e-8a35-d5ffb9b7c4ac", 1, "LOCKED", "DOWN"
		have.Devices = append(have.Devices, got)
	}
	for _, s := range r.Streams {
		have.Streams[s.Name] = strings.ReplaceAll(s.SQL, ") WITH", ")\n  WITH")
	}
	for _, one := range r.Rules {
		var got map[string]any
		again(one, &got)
		got["triggered"] = true
		have.Rules[one.ID] = got
	}
	return have
}

// What was imported and is there is unchanged, whatever the services put in.
func TestDiffOfSame(t *testing.T) {
	for _, g := range goldens(t) {
		_, r, _ := g.convert()
		have := stored(t, r)
		for _, c := range Diff(r.Settle(have), have) {
			if c.Action != Unchanged {
				t.Errorf("%s: %s %s: %s: %v", g.path, c.Kind, c.Name, c.Action, c.Differences)
			}
		}
	}
}

// Each difference is named, and nothing else is.
func TestDiffOfChanges(t *testing.T) {
	g := goldenNamed(t, "v1alpha2.txtar")
	set, r, findings := g.convert()
	have := stored(t, r)
	have.Profiles[0].DeviceResources[1].Attributes["startingAddress"] = 11
	have.Devices[0].Protocols["modbus-tcp"]["Port"] = "1502"
	delete(have.Streams, "boiler_1")
	have.Rules["boiler_1_temperature_data"]["sql"] = "SELECT 1 FROM boiler_1"
	changes := Diff(r, have)
	got := []string{}
	for _, c := range changes {
		if c.Action != Unchanged {
			got = append(got, string(c.Action)+" "+c.Kind+" "+c.Name+": "+strings.Join(c.Differences, "; "))
		}
	}
	want := []string{
		"updated profile boiler-model: deviceResources.threshold.attributes.startingAddress: 11 -> 10",
		"updated device boiler-1: protocols.modbus-tcp.Port: 1502 -> 502",
		"created stream boiler_1: ",
		"updated rule boiler_1_temperature_data: sql: SELECT 1 FROM boiler_1 -> SELECT cast(temperature, \"string\") AS value, event_time() AS…",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	entries := Report(set, findings, changes)
	if len(entries) != 2 || entries[0].Action != Update || entries[1].Action != Update || entries[1].Line != 10 || len(entries[1].Changes) != 4 {
		t.Errorf("report: %+v", entries)
	}
}

// One error keeps everything from being imported, whatever step finds it.
func TestNothingByHalf(t *testing.T) {
	right := goldenNamed(t, "v1beta1.txtar").files
	for name, wrong := range map[string]string{
		"syntax": "{", "kind": "{apiVersion: devices.kubeedge.io/v1beta1, kind: Model}",
		"model":  "{apiVersion: devices.kubeedge.io/v1beta1, kind: Device, metadata: {name: x}, spec: {deviceModelRef: {name: none}}}",
		"twice":  "{apiVersion: devices.kubeedge.io/v1beta1, kind: DeviceModel, metadata: {name: boiler-model}}",
		"values": "{apiVersion: devices.kubeedge.io/v1beta1, kind: Device, metadata: {name: x}, spec: {deviceModelRef: {name: boiler-model}, protocol: {protocolName: modbus, configData: {ip: a, slaveID: 900}}, properties: [{name: threshold, visitors: {protocolName: modbus, configData: {register: HoldingRegister, limit: 1}}}]}}",
	} {
		t.Run(name, func(t *testing.T) {
			set, findings := Read(append(slices.Clone(right), File{"wrong.yaml", []byte(wrong)})...)
			r, more := Convert(set, Options{})
			findings = append(findings, more...)
			if findings.Errors() == nil {
				t.Fatal("no error")
			}
			if findings.Errors()[0].File != "wrong.yaml" {
				t.Errorf("it is found in %s", findings.Errors()[0])
			}
			if more.Errors() != nil && len(r.Devices)+len(r.Profiles)+len(r.Rules)+len(r.Streams) > 0 {
				t.Errorf("there is a result: %+v", r)
			}
			for _, e := range Report(set, findings, Diff(r, Existing{})) {
				if e.Action != Failed && e.Action != Skipped {
					t.Errorf("%s is %s", e.Name, e.Action)
				}
			}
		})
	}
}
