package dmi

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	edgecore "sluice/tests/edgecore/dmi"
)

func TestDeviceFromItsRegistrationToItsEnd(t *testing.T) {
	p := started(t)
	info := p.core.Mapper("modbus")
	if info.GetName() != "device-modbus" || info.GetVersion() != "1" || info.GetApiVersion() != "v1beta1" || !strings.HasSuffix(string(info.GetAddress()), "/mapper.sock") {
		t.Errorf("registered as %v", info)
	}
	p.apply(t, modelYAML+"---"+deviceYAML("boiler-1", 10))
	p.wants(t, "apply default/boiler-1", "desire default/boiler-1 threshold=80")

	if err := p.core.Desire("default/boiler-1", "threshold", "85"); err != nil {
		t.Fatal(err)
	}
	p.wants(t, "desire default/boiler-1 threshold=85")

	p.apply(t, strings.Replace(deviceYAML("boiler-1", 11), `"80"`, `"85"`, 1))
	p.wants(t, "apply default/boiler-1")

	p.apply(t, strings.Replace(modelYAML, "water temp", "steam", 1))
	p.wants(t, "apply default/boiler-1")

	if err := p.core.DeleteDevice("default/boiler-1"); err != nil {
		t.Fatal(err)
	}
	p.wants(t, "remove default/boiler-1")
	if state, _ := p.status("default/boiler-1"); state != "" {
		t.Errorf("the removed device is %s", state)
	}
	if err := p.core.DeleteModel("default/boiler-model"); err != nil {
		t.Error(err)
	}
}

func TestTwinsAndStateAreReported(t *testing.T) {
	p := started(t)
	p.apply(t, modelYAML+"---"+deviceYAML("boiler-1", 10))
	id := ID{"default", "boiler-1"}
	if err := p.mapper.Report(id, Twin{Property: "temperature", Reported: "25.5", Type: "float"}); err != nil {
		t.Fatal(err)
	}
	if err := p.mapper.Report(id, Twin{Property: "threshold", Reported: "80", Observed: "80"}); err != nil {
		t.Fatal(err)
	}
	if err := p.mapper.State(id, "online"); err != nil {
		t.Fatal(err)
	}
	want := map[string]edgecore.Twin{"temperature": {Reported: "25.5", Type: "string"}, "threshold": {Reported: "80", Expected: "80", Type: "string"}}
	await(t, "twins and state at edgecore", func() bool {
		for name, w := range want {
			if got, _ := p.core.Twin(id.String(), name); got != w {
				return false
			}
		}
		return p.core.State(id.String()) == "online"
	})
	d, err := p.core.Device(id.String())
	if err != nil {
		t.Fatal(err)
	}
	if twins := d.GetStatus().GetTwins(); len(twins) != 2 || twins[0].GetReported().GetValue() != "25.5" || twins[0].GetReported().GetMetadata()["type"] != "float" {
		t.Errorf("GetDevice has the twins %v", twins)
	}
	if len(d.GetSpec().GetProperties()) != 2 {
		t.Errorf("GetDevice has the spec %v", d.GetSpec())
	}
	if c := p.core.Counts(); c.Crashes+c.Violations+c.Refused != 0 {
		t.Errorf("edgecore counts %+v", c)
	}
}

// Edgecore's own limits and the usual pace: the mapper's first calls go out at
// once, and the others when edgecore takes them.
func TestRateOverTheSocket(t *testing.T) {
	dir := folder(t)
	core := edgecore.New(filepath.Join(dir, "dmi.sock"))
	start(t, core)
	p := beside(t, core, dir, usual)
	p.registers(t, 1)
	for i := range 120 {
		if err := p.mapper.Report(ID{Name: fmt.Sprintf("boiler-%d", i)}, Twin{Property: "temperature", Reported: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the first calls and two more", func() bool { return core.Counts().Reports >= usual.burst+1 })
	if c := core.Counts(); c.Refused != 0 {
		t.Errorf("edgecore counts %+v", c)
	}
	if c := p.mapper.Status().Reports; c.Queued == 0 {
		t.Error("all is sent: the mapper keeps no rate")
	}
	await(t, "a refusal", func() bool {
		core.Drain() // another mapper takes all there is
		return p.mapper.Status().Reports.Refused > 0
	})
	sent := core.Counts().Reports
	await(t, "calls after the refusal", func() bool { return core.Counts().Reports > sent+1 })
}

func TestWhatTwinsCannotHaveIsNotSent(t *testing.T) {
	p := started(t)
	p.apply(t, modelYAML+"---"+deviceYAML("boiler-1", 10))
	id := ID{"default", "boiler-1"}
	long := strings.Repeat("x", 513)
	for _, value := range []string{"25 °C", "50%", "(a)", "高温", `{"a":1}`, "1e+06", "a\nb", long} {
		err := p.mapper.Report(id, Twin{Property: "temperature", Reported: value}, Twin{Property: "threshold", Reported: "81"})
		if err == nil || !strings.Contains(err.Error(), "device default/boiler-1: property temperature: ") || len(err.Error()) > 300 {
			t.Errorf("%.20q: %v", value, err)
		}
	}
	if err := p.mapper.Report(id, Twin{Property: "a b", Reported: "1"}); err == nil {
		t.Error("a property with a space is taken")
	}
	if err := p.mapper.State(id, "running"); err == nil {
		t.Error("a state that edgecore drops is taken")
	}
	await(t, "the other value", func() bool { got, _ := p.core.Twin(id.String(), "threshold"); return got.Reported == "81" })
	if c := p.core.Counts(); c.Violations != 0 {
		t.Errorf("edgecore counts %+v", c)
	}
	if c := p.mapper.Status().Reports; c.Dropped != 10 {
		t.Errorf("%d dropped, want 10", c.Dropped)
	}
}

func TestEdgecoreComesLateAndComesBack(t *testing.T) {
	dir := folder(t)
	core := edgecore.NewPaced(filepath.Join(dir, "dmi.sock"), 10_000, 10_000)
	p := beside(t, core, dir, fast)
	await(t, "the reason", func() bool { return strings.Contains(p.mapper.Status().Reason, "dmi.sock") })
	start(t, core)
	p.registers(t, 1)
	p.apply(t, modelYAML+"---"+deviceYAML("boiler-1", 10))
	p.wants(t, "apply default/boiler-1", "desire default/boiler-1 threshold=80")
	id := ID{"default", "boiler-1"}
	if err := p.mapper.Report(id, Twin{Property: "temperature", Reported: "20"}); err != nil {
		t.Fatal(err)
	}
	await(t, "the first report", func() bool { return core.Counts().Reports == 1 })

	core.Kill()
	await(t, "the loss", func() bool { return !p.mapper.Status().Registered })
	if err := p.mapper.Report(id, Twin{Property: "temperature", Reported: "21"}); err != nil {
		t.Fatal(err)
	}
	if err := p.mapper.Report(id, Twin{Property: "temperature", Reported: "22"}); err != nil {
		t.Fatal(err)
	}
	start(t, core)
	p.registers(t, 2)
	await(t, "the value that came meanwhile", func() bool { got, _ := core.Twin(id.String(), "temperature"); return got.Reported == "22" })

	before := core.Counts().Reports
	if err := core.Restart(); err != nil { // so short that nobody need see it away
		t.Fatal(err)
	}
	p.registers(t, 3)
	await(t, "the last value once more", func() bool { return core.Counts().Reports > before })
	if calls := p.take(); calls != nil {
		t.Errorf("a list without news gave the calls %q", calls)
	}
	if n := p.log.count("level=WARN"); n < 2 || n > 3 {
		t.Errorf("%d warnings for two or three losses:\n%s", n, p.log)
	}
	if err := core.Desire("default/boiler-1", "threshold", "90"); err != nil {
		t.Fatal(err)
	}
	p.wants(t, "desire default/boiler-1 threshold=90")
}

func TestMapperComesBack(t *testing.T) {
	dir := folder(t)
	core := edgecore.NewPaced(filepath.Join(dir, "dmi.sock"), 10_000, 10_000)
	start(t, core)
	p := beside(t, core, dir, fast)
	p.registers(t, 1)
	p.apply(t, modelYAML+"---"+deviceYAML("boiler-1", 10))
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if err := core.Desire("default/boiler-1", "threshold", "91"); err == nil {
		t.Fatal("edgecore reached a mapper that is away")
	}
	again := beside(t, core, dir, fast)
	again.wants(t, "apply default/boiler-1", "desire default/boiler-1 threshold=91")
}

func TestNoDevicesIsNoFault(t *testing.T) {
	dir := folder(t)
	core := edgecore.NewPaced(filepath.Join(dir, "dmi.sock"), 10_000, 10_000)
	core.EmptyIsError = true
	start(t, core)
	p := beside(t, core, dir, fast)
	await(t, "some tries", func() bool { return core.Counts().Registrations >= 3 })
	if n := p.log.count("level=WARN"); n != 1 {
		t.Errorf("%d warnings, want 1:\n%s", n, p.log)
	}
	p.apply(t, modelYAML+"---"+deviceYAML("boiler-1", 10))
	p.wants(t, "apply default/boiler-1", "desire default/boiler-1 threshold=80")
	if err := p.mapper.Report(ID{"default", "boiler-1"}, Twin{Property: "threshold", Observed: "80"}); err != nil {
		t.Fatal(err)
	}
	await(t, "a report", func() bool { return core.Counts().Reports == 1 })
	await(t, "the registration", func() bool { return p.mapper.Status().Registered })
}

func TestDeviceWaitsForItsModel(t *testing.T) {
	p := started(t)
	p.apply(t, deviceYAML("boiler-1", 10))
	if state, reason := p.status("default/boiler-1"); state != "held" || reason != "there is no model default/boiler-model yet" {
		t.Errorf("%s: %s", state, reason)
	}
	p.apply(t, modelYAML)
	p.wants(t, "apply default/boiler-1", "desire default/boiler-1 threshold=80")
}

// Edgecore does not know whom to send a model that names no protocol, but lists
// it with its devices.
func TestModelWithoutProtocolIsAskedFor(t *testing.T) {
	p := started(t)
	if err := p.core.Apply(boilerYAML); err == nil {
		t.Fatal("edgecore sent a model without protocol")
	}
	p.wants(t, "apply default/boiler-1", "desire default/boiler-1 threshold=80")
	p.registers(t, 2)
}

func TestBadDeviceIsRefusedAlone(t *testing.T) {
	p := started(t)
	p.apply(t, modelYAML)
	nested := strings.Replace(deviceYAML("nested", 10), "port: 1502", "port: {number: 1502}", 1)
	if err := p.core.Apply(nested); err == nil || !strings.Contains(err.Error(), "does not support converting") {
		t.Errorf("nested configData: %v", err)
	}
	twice := strings.Replace(deviceYAML("twice", 10), "name: threshold", "name: temperature", 1)
	err := p.core.Apply(twice)
	want := `device default/twice: spec.properties[1].name: property "temperature" is there twice`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if state, reason := p.status("default/twice"); state != "refused" || reason != want {
		t.Errorf("%s: %s", state, reason)
	}
	if err := p.core.Apply(strings.Replace(deviceYAML("boiler-1", 10), "namespace: default", "namespace: other", 1)); err != nil {
		t.Errorf("a device that waits for its model: %v", err)
	}
	if err := p.core.Apply(deviceYAML("boiler-1", 10)); err == nil || !strings.Contains(err.Error(), "its name is that of other/boiler-1 too: rename one of them") {
		t.Errorf("a name that is there twice: %v", err)
	}
	p.apply(t, deviceYAML("boiler-2", 10))
	p.wants(t, "apply default/boiler-2", "desire default/boiler-2 threshold=80")

	p.apply(t, deviceYAML("twice", 10))
	p.wants(t, "apply default/twice", "desire default/twice threshold=80")
	if err := p.core.Apply(twice); err == nil {
		t.Error("an update that cannot be taken is taken")
	}
	if state, _ := p.status("default/twice"); state != "refused" {
		t.Errorf("the device whose update is refused is %s", state)
	}
	if calls := p.take(); calls != nil {
		t.Errorf("a refused update gave the calls %q", calls)
	}
}

func TestHandlerIsCalledUntilItIsDone(t *testing.T) {
	p := started(t)
	p.failWith(func(call string) error {
		if strings.HasPrefix(call, "apply") {
			return errNotYet
		}
		return nil
	})
	err := p.core.Apply(modelYAML + "---" + deviceYAML("boiler-1", 10))
	if err == nil || !strings.Contains(err.Error(), "device default/boiler-1: apply: core-metadata is away; it is tried again") {
		t.Errorf("edgecore hears %v", err)
	}
	if state, reason := p.status("default/boiler-1"); state != "failing" || reason != "apply: core-metadata is away" {
		t.Errorf("%s: %s", state, reason)
	}
	p.failWith(nil)
	var calls []string
	await(t, "the desired value", func() bool {
		calls = append(calls, p.take()...)
		return len(calls) > 2 && calls[len(calls)-1] == "desire default/boiler-1 threshold=80"
	})
	if state, _ := p.status("default/boiler-1"); state != "ready" && state != "pending" {
		t.Errorf("the device is %s", state)
	}
	p.failWith(func(string) error { panic("broken") })
	if err := p.core.Apply(deviceYAML("boiler-1", 11)); err == nil || !strings.Contains(err.Error(), "panic: broken") {
		t.Errorf("edgecore hears %v", err)
	}
	p.failWith(nil)
	await(t, "the end of the panic", func() bool { state, _ := p.status("default/boiler-1"); return state == "ready" })
	if a, b := p.log.count("it is tried again"), p.log.count("is as it should be"); a < 2 || b != 2 {
		t.Errorf("%d failures and %d recoveries are logged", a, b)
	}
}

func TestFiveHundredDevices(t *testing.T) {
	dir := folder(t)
	core := edgecore.NewPaced(filepath.Join(dir, "dmi.sock"), 10_000, 10_000)
	if err := core.Apply(modelYAML); err == nil {
		t.Fatal("there is no mapper yet")
	}
	var all strings.Builder
	for i := range 500 {
		all.WriteString("---" + deviceYAML(fmt.Sprintf("boiler-%d", i), i))
	}
	if err := core.Apply(all.String()); err == nil {
		t.Fatal("there is no mapper yet")
	}
	start(t, core)
	p := beside(t, core, dir, fast)
	calls := 0
	await(t, "all devices", func() bool { calls += len(p.take()); return calls == 1000 })
	for i := range 500 {
		id := ID{"default", fmt.Sprintf("boiler-%d", i)}
		if err := errors.Join(p.mapper.Report(id, Twin{Property: "temperature", Reported: "1"}), p.mapper.State(id, "ok")); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "all reports", func() bool { return core.Counts().Reports == 1000 })
}
