package kubeedge

import (
	"fmt"
	"testing"
)

// pumpDevice is a device of the model pump.
func pumpDevice(name string) string {
	return fmt.Sprintf(`
---
apiVersion: devices.kubeedge.io/v1beta1
kind: Device
metadata: {name: %s}
spec:
  deviceModelRef: {name: pump}
  protocol: {protocolName: modbus, configData: {ip: 10.0.0.5}}
  properties:
  - {name: speed, visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: 0, limit: 1}}}`, name)
}

func TestOwnProfiles(t *testing.T) {
	set, findings := Read(File{Name: "pumps.yaml", Data: []byte(`
apiVersion: devices.kubeedge.io/v1beta1
kind: DeviceModel
metadata: {name: pump}
spec: {properties: [{name: speed, type: INT, accessMode: ReadWrite}]}` + pumpDevice("a") + pumpDevice("b"))})
	if findings.Errors() != nil {
		t.Fatal(findings)
	}
	for _, c := range []struct {
		own      bool
		profiles []string
	}{{false, []string{"pump"}}, {true, []string{"pump--a", "pump--b"}}} {
		result, findings := Convert(set, Options{OwnProfiles: c.own})
		if findings.Errors() != nil {
			t.Fatal(findings)
		}
		var names []string
		for _, p := range result.Profiles {
			names = append(names, p.Name)
		}
		if fmt.Sprint(names) != fmt.Sprint(c.profiles) {
			t.Errorf("OwnProfiles %v: profiles %v, want %v", c.own, names, c.profiles)
		}
		for i, d := range result.Devices {
			if want := c.profiles[min(i, len(c.profiles)-1)]; d.ProfileName != want {
				t.Errorf("OwnProfiles %v: device %s has profile %s, want %s", c.own, d.Name, d.ProfileName, want)
			}
		}
		objects, findings := Export(V1Beta1, result.profiles(), result.devices())
		if findings.Errors() != nil {
			t.Fatal(findings)
		}
		models := map[string]bool{}
		back, _ := Read(File{Name: "export.yaml", Data: Text(objects)})
		for _, m := range back.Models {
			models[m.Name] = true
		}
		if len(models) != 1 || !models["pump"] {
			t.Errorf("OwnProfiles %v: models %v are exported, want pump alone", c.own, models)
		}
	}
}
