package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/simonvetter/modbus"

	"sluice/tests/guide"
	"sluice/tests/servers"
	"sluice/tests/stack"
)

// modbusUnits is a Modbus server: register n of unit u holds 256*u+n at first,
// among the input and the holding registers. It has those up to 899.
type modbusUnits struct {
	mu      sync.Mutex
	written map[[2]int]uint16 // by unit and register
}

func (m *modbusUnits) HandleCoils(*modbus.CoilsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}
func (m *modbusUnits) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}
func (m *modbusUnits) HandleInputRegisters(r *modbus.InputRegistersRequest) ([]uint16, error) {
	return m.HandleHoldingRegisters(&modbus.HoldingRegistersRequest{UnitId: r.UnitId, Addr: r.Addr, Quantity: r.Quantity})
}
func (m *modbusUnits) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	if int(r.Addr)+int(r.Quantity) > 900 {
		return nil, modbus.ErrIllegalDataAddress
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]uint16, r.Quantity)
	for i := range out {
		at := [2]int{int(r.UnitId), int(r.Addr) + i}
		if r.IsWrite {
			m.written[at] = r.Args[i]
		}
		if v, ok := m.written[at]; ok {
			out[i] = v
			continue
		}
		out[i] = uint16(r.UnitId)<<8 + r.Addr + uint16(i)
	}
	return out, nil
}

const plantProfile = `name: Meter
deviceResources:
  - {name: Power, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 10, rawType: UINT16}, properties: {valueType: Float64, readWrite: R, units: kW, scale: 0.1}}
  - {name: Level, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 11, rawType: UINT16}, properties: {valueType: Float64, readWrite: RW, maximum: 9000}}
  - {name: Mode, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 12}, properties: {valueType: Uint16, readWrite: RW}}
  - {name: Absent, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 900}, properties: {valueType: Uint16, readWrite: R}}
deviceCommands:
  - {name: Values, readWrite: R, resourceOperations: [{deviceResource: Power}, {deviceResource: Level}]}
  - {name: Setting, readWrite: RW, resourceOperations: [{deviceResource: Level}, {deviceResource: Mode, mappings: {"0": "OFF", "1": "AUTO"}}]}
`

// plantDevices is the device meter-1, unit 1 of a Modbus server.
func plantDevices(plc int) string {
	return fmt.Sprintf("[{name: meter-1, profileName: Meter, labels: [hall1], description: the first, "+
		"protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d, UnitID: 1}}, autoEvents: [{interval: 1m, sourceName: Values}]}]", plc)
}

// servePlant runs device-modbus with these profiles and that of a meter, and
// devices on a Modbus server; the first of them is meter-1. It returns its
// address and the port of the Modbus server.
func servePlant(t *testing.T, profiles map[string]string, devices func(plc int) string) (url string, port int) {
	t.Helper()
	plc := servers.FreePort(t)
	s, err := modbus.NewServer(&modbus.ServerConfiguration{URL: fmt.Sprintf("tcp://127.0.0.1:%d", plc), Timeout: time.Minute, MaxClients: 5}, &modbusUnits{written: map[[2]int]uint16{}})
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	bus := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(t).Port}
	meta, own, dir := stack.ServeMetadata(t, bus.Client(t, "metadata")), servers.FreePort(t), t.TempDir()
	res := filepath.Join(dir, "res")
	common := stack.WriteFile(t, dir, "common.yaml", stack.Common(bus, meta, servers.FreePort(t)))
	stack.WriteFile(t, res, "configuration.yaml", fmt.Sprintf("Service: {Host: 127.0.0.1, Port: %d, StartupMsg: started}\nMessageBus: {Optional: {ClientId: device-modbus}}\n"+
		"Device: {ProfilesDir: %[2]s/profiles, DevicesDir: %[2]s/devices}\n", own, res))
	for name, text := range profiles {
		stack.WriteFile(t, res, "profiles/"+name, text)
	}
	meters, err := os.ReadFile(filepath.Join(stack.Root(), "profiles/modbus/three-phase-meter.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	stack.WriteFile(t, res, "profiles/three-phase-meter.yaml", string(meters))
	stack.WriteFile(t, res, "devices/all.yaml", "deviceList: "+devices(plc)+"\n")
	stack.Start(t, nil, filepath.Join(stack.Binaries(t), "device-modbus"), "-cc", common, "-cd", res)
	url = fmt.Sprintf("http://127.0.0.1:%d", own)
	stack.Answers(t, url+"/api/v3/devices/meter-1")
	return url, plc
}

// Each script has a device service of its own.
func TestDeviceScripts(t *testing.T) {
	other := otherServer(t)
	scripts, err := filepath.Glob("testdata/device/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	type plant struct{ url, plc string }
	plants := make(chan plant, len(scripts))
	for range scripts {
		url, plc := servePlant(t, map[string]string{"meter.yaml": plantProfile}, plantDevices)
		plants <- plant{url, strconv.Itoa(plc)}
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/device",
		Setup: func(env *testscript.Env) error {
			p := <-plants
			env.Vars = append(env.Vars, raceAtExit)
			env.Setenv("SLUICE_DEVICE_SERVICE", p.url)
			env.Setenv("PLC", p.plc)
			env.Setenv("OTHER", other)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"execcode": func(ts *testscript.TestScript, _ bool, args []string) { execCode(ts, args[0], args[1:]) },
			"until":    func(ts *testscript.TestScript, _ bool, args []string) { until(ts, args[0], args[1:]) },
			// fill puts variables into a file.
			"fill": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, file := range args {
					text := os.Expand(ts.ReadFile(file), ts.Getenv)
					ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o644))
				}
			},
		},
		UpdateScripts: os.Getenv("UPDATE") != "",
	})
}

// TestDeviceGuide runs what the guide of device-modbus shows of the command
// line, with the profile that stands there.
func TestDeviceGuide(t *testing.T) {
	t.Parallel()
	page := guide.Page(t, "device-service/docs/modbus.md")
	_, pump, _ := strings.Cut(page, "```yaml\nname: Pump")
	pump, _, _ = strings.Cut(pump, "```")
	url, _ := servePlant(t, map[string]string{"pump.yaml": "name: Pump" + pump}, func(plc int) string {
		return fmt.Sprintf("[{name: meter-1, profileName: Modbus-Three-Phase-Meter, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d}}, autoEvents: [{interval: 1s, sourceName: Values}]},\n"+
			"  {name: pump-1, profileName: Pump, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %[1]d}}}]", plc)
	})
	stack.Answers(t, url+"/api/v3/devices/pump-1")
	followGuide(t, newGuide(t, "SLUICE_DEVICE_SERVICE="+url), page, 14)
}

func TestExpandName(t *testing.T) {
	for name, want := range map[string]string{
		"meter": "[meter] <nil>", "m-{2..4}": "[m-2 m-3 m-4] <nil>", "m{08..10}x": "[m08x m09x m10x] <nil>", "a{1..2}b{1..2}": "[a1b1 a1b2 a2b1 a2b2] <nil>",
		"m{4..2}":             `[] name "m{4..2}": the range must go up, to 10000 names at most`,
		"m{1..10001}":         `[] name "m{1..10001}": the range must go up, to 10000 names at most`,
		"a{1..999}b{1..999}c": `[] name "a{1..999}b{1..999}c": the range must go up, to 10000 names at most`,
		"m{2-4}":              `[] name "m{2-4}": a range is written {2..11}`,
	} {
		got, err := expandName(name)
		if text := fmt.Sprint(got, err); text != want {
			t.Errorf("%s: %s, want %s", name, text, want)
		}
	}
}

func TestFill(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "{n}": "7", "10.0.0.{n+10}": "10.0.0.17", "{100*n-100}": "600", "{ n - 10 } and {i}": "-3 and 2", "{-n*2*3+1}": "-41", "{i}{n}": "27",
		"{n":                  "error: {n has no }",
		"{}":                  "error: {}: " + errExpression.Error(),
		"{n/2}":               "error: {n/2}: " + errExpression.Error(),
		"{n+}":                "error: {n+}: " + errExpression.Error(),
		"{99999999*99999999}": "error: {99999999*99999999}: " + errExpression.Error(),
	} {
		got, err := variablesOf("hall2-meter-007", 2).fill(text)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if _, err := variablesOf("meter", 1).fill("{n}"); err == nil || !strings.Contains(err.Error(), "has no number; i counts the copies") {
		t.Error(err)
	}
}

func FuzzFill(f *testing.F) {
	f.Add("m-{2..11}", "10.0.0.{n+10} {100*i-100}")
	f.Fuzz(func(t *testing.T, name, text string) {
		names, err := expandName(name)
		if err != nil {
			return
		}
		if len(names) == 0 || len(names) > mostCopies {
			t.Fatalf("%d names", len(names))
		}
		_, _ = variablesOf(names[0], 1).fill(text)
	})
}

// A list is cut between devices, and each line is found again in the file.
func TestListParts(t *testing.T) {
	var list strings.Builder
	list.WriteString("# devices\nname,profile,\"modbus-tcp.\nAddress\"\n")
	lines := map[string]int{} // of devices
	line := 4
	for i := range 45 {
		name := fmt.Sprint("m", i)
		lines[name] = line
		if i%7 == 0 {
			fmt.Fprintf(&list, "%s,P,\"a\nb\"\n# a comment\n\n", name)
			line += 4
			continue
		}
		fmt.Fprintf(&list, "%s,P,x\n", name)
		line++
	}
	parts, err := listParts(list.String())
	if err != nil || len(parts) != 3 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	seen := 0
	for _, p := range parts {
		for i, text := range strings.Split(p.body, "\n") {
			name, _, _ := strings.Cut(text, ",")
			if want, ok := lines[name]; ok {
				seen++
				if got := p.line(i + 1); got != want {
					t.Errorf("%s is in line %d, want %d", name, got, want)
				}
			}
		}
	}
	if seen != 45 {
		t.Errorf("%d devices in the parts", seen)
	}
	for text, want := range map[string]string{
		"":                       "the list is empty; its first line names the columns, such as name,profile,modbus-tcp.Address",
		"name,profile\n\"a,b\nc": `record on line 2; parse error on line 3, column 2: extraneous or missing " in quoted-field`,
	} {
		if _, err := listParts(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if parts, err := listParts("name,profile"); err != nil || len(parts) != 1 {
		t.Errorf("%v, %v: the service says what is wrong with an empty list", parts, err)
	}
}

func FuzzListParts(f *testing.F) {
	f.Add("name,profile,modbus-tcp.Address\na,P,x\n#c\nb,\"P\n\",y\n")
	f.Fuzz(func(t *testing.T, text string) {
		parts, err := listParts(text)
		if err != nil {
			return
		}
		for _, p := range parts {
			if p.line(1) < 1 {
				t.Fatalf("line %d", p.line(1))
			}
		}
	})
}

// Two parts are not seen at once by the service.
func TestFindTwins(t *testing.T) {
	l := deviceRows{Devices: []deviceRow{{Line: 2, Name: "a", Action: "create"}, {Line: 3, Name: "b", Action: "create"}, {Line: 23, Name: "a", Action: "create"}}}
	l.findTwins()
	if l.Devices[2].Error != `device "a" stands in line 2 already` || l.count("error") != 1 || l.Devices[0].Action != "create" {
		t.Errorf("%+v", l)
	}
}
