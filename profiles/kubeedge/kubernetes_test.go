package kubeedge

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

func TestLabelsThatKubernetesTakes(t *testing.T) {
	long := strings.Repeat("x", 63)
	fit, unfit := fitting(map[string]string{
		"a": "", "app.kubernetes.io/name": "x_1.y-Z", "B": long,
		"c": "two words", "d e": "", "f/": "", "g": long + "x", "h": "-x", "i": "x.", "": "", "名": "", "j": "a=b",
	})
	if got := slices.Sorted(maps.Keys(fit)); !slices.Equal(got, []string{"B", "a", "app.kubernetes.io/name"}) || len(unfit) != 9 {
		t.Errorf("%v are taken, %v not", fit, unfit)
	}
}

// What EdgeX has goes to Kubernetes, which is strict with labels, and comes back
// whole; of what does not come back somebody is told.
func TestExportOfWhatKubernetesRefuses(t *testing.T) {
	p := dtos.DeviceProfile{
		DeviceProfileBasicInfo: dtos.DeviceProfileBasicInfo{Name: "Meter", Description: "a meter of three phases", Manufacturer: "Acme", Labels: []string{"power", "hall=1 and 2"}},
		DeviceResources:        []dtos.DeviceResource{{Name: "energy", Attributes: map[string]any{primaryTable: inputRegisters, startingAddress: 7}, Properties: dtos.ResourceProperties{ValueType: "Uint16", ReadWrite: "R"}}},
		DeviceCommands:         []dtos.DeviceCommand{{Name: "all", ReadWrite: "R", ResourceOperations: []dtos.ResourceOperation{{DeviceResource: "energy"}}}},
	}
	d := dtos.Device{Name: "meter-1", Description: "in the cellar", ProfileName: "Meter", ServiceName: "device-modbus", AdminState: "UNLOCKED", OperatingState: "UP",
		Labels: []string{"kind of=power meter"}, Tags: map[string]any{"hall": "1"}, Properties: map[string]any{"asset": 7}, Location: "b",
		Protocols:  map[string]dtos.ProtocolProperties{modbusTCP: {"Address": "10.0.0.5", "Port": 502, "UnitID": 1, "Timeout": 5, "IdleTimeout": 5}},
		AutoEvents: []dtos.AutoEvent{{Interval: "48h", OnChange: true, SourceName: "energy"}}}
	for format, cycle := range map[string]string{V1Alpha2: "collectCycle: 172800000000000\n", V1Beta1: "collectCycle: 172800000\n"} {
		objects, findings := Export(format, []dtos.DeviceProfile{p}, []dtos.Device{d})
		told := shownFindings(findings)
		for _, want := range []string{
			"warning: DeviceModel Meter: Kubernetes takes names of small letters",
			`warning: Device meter-1: command "all" is not exported`,
			`warning: Device meter-1: the auto-event of "energy" sends changes alone`,
			"warning: Device meter-1: KubeEdge has no field for: description, location, tag hall, property asset\n",
		} {
			if !strings.Contains(told, want) {
				t.Errorf("%s: %q is not in\n%s", format, want, told)
			}
		}
		if n := strings.Count(told, "\n"); n != 4 {
			t.Errorf("%s: %d are told:\n%s", format, n, told)
		}
		out := string(Text(objects))
		if !strings.Contains(out, cycle) || strings.Contains(out, "description:") || !strings.Contains(out, "manufacturer: Acme\n") || !strings.Contains(out, "scale: 1\n") {
			t.Errorf("%s: %s", format, out)
		}
		set, findings := Read(File{"f", []byte(out)})
		back, more := Convert(set, Options{})
		if errs := append(findings, more...).Errors(); errs != nil {
			t.Fatal(errs)
		}
		basic := back.Profiles[0].DeviceProfileBasicInfo
		slices.Sort(basic.Labels)
		if basic.Description != p.Description || basic.Manufacturer != "Acme" || !slices.Equal(basic.Labels, []string{"hall=1 and 2", "power"}) || !slices.Equal(back.Devices[0].Labels, d.Labels) {
			t.Errorf("%s: %+v and %v come back", format, basic, back.Devices[0].Labels)
		}
	}
}

// A visitor of another protocol than its device would not be found; cycles that
// are long, and protocols that are nearly known, are told.
func TestMismatches(t *testing.T) {
	doc := func(device, visitor, cycle string) File {
		return File{"f", []byte("apiVersion: devices.kubeedge.io/v1beta1\nkind: DeviceModel\nmetadata: {name: m}\nspec: {properties: [{name: p, type: INT, accessMode: ReadOnly}]}\n---\n" +
			"apiVersion: devices.kubeedge.io/v1beta1\nkind: Device\nmetadata: {name: d}\nspec:\n  deviceModelRef: {name: m}\n" +
			"  protocol: {protocolName: " + device + ", configData: {ip: 10.0.0.5, port: 502, slaveID: 1}}\n  properties:\n" +
			"  - {name: p, collectCycle: " + cycle + ", visitors: {protocolName: " + visitor + ", configData: {register: HoldingRegister, offset: 0, limit: 1}}}\n")}
	}
	for name, test := range map[string]struct {
		file File
		want string
	}{
		"visitor":  {doc("modbus", "modbus-tcp", "1000"), "f:13: error: Device d: p: its visitor is of protocol modbus-tcp, and the device of modbus; both have one protocolName\n"},
		"device":   {doc("lon", "modbus", "1000"), "f:13: error: Device d: p: its visitor is of protocol modbus, and the device of lon; both have one protocolName\n"},
		"no name":  {doc("modbus", "''", "1000"), ""},
		"protocol": {doc("Modbus-RTU", "Modbus-RTU", "1000"), `f:6: warning: Device d: spec.protocol: Modbus-RTU is no protocol of Sluice: its configuration goes to device-Modbus-RTU as it is; did you mean "modbus"? If not, name the device service in the options` + "\n"},
		"foreign":  {doc("lon", "lon", "1000"), `f:6: warning: Device d: spec.protocol: lon is no protocol of Sluice: its configuration goes to device-lon as it is; name the device service in the options` + "\n"},
		"cycle":    {doc("modbus", "modbus", "1000000000"), "f:13: warning: Device d: p: a collectCycle of 277h46m40s is long; check the unit of cycles\n"},
		"a day":    {doc("modbus", "modbus", "86400000"), ""},
	} {
		set, findings := Read(test.file)
		_, more := Convert(set, Options{Choices: Choices{CycleUnit: Milliseconds}})
		if told := shownFindings(append(findings, more...)); !strings.Contains(told, test.want) || test.want == "" && told != "" {
			t.Errorf("%s: %q, want %q", name, told, test.want)
		}
	}
}
