package kubeedge

import (
	"fmt"
	"strings"
	"testing"
)

// connection is the Modbus connection that comes of a configuration, and the
// errors.
func connection(t *testing.T, config string) (map[string]map[string]any, string) {
	t.Helper()
	set, findings := Read(File{"f", []byte(`{apiVersion: devices.kubeedge.io/v1beta1, kind: DeviceModel, metadata: {name: m}, spec: {properties: [
  {name: a, type: INT, accessMode: ReadOnly, visitors: {protocolName: modbus, configData: {register: HoldingRegister, offset: 1, limit: 1}}}]}}
---
{apiVersion: devices.kubeedge.io/v1beta1, kind: Device, metadata: {name: d}, spec: {deviceModelRef: {name: m}, protocol: {protocolName: modbus, configData: {` + config + `}}}}
`)})
	r, more := Convert(set, Options{})
	if errs := append(findings, more...).Errors(); errs != nil {
		return nil, shownFindings(errs)
	}
	out := map[string]map[string]any{}
	for name, p := range r.Devices[0].Protocols {
		out[name] = p
	}
	return out, ""
}

// Below 1000 a timeout is seconds, else milliseconds.
func TestTimeouts(t *testing.T) {
	for given, want := range map[string]string{"0": "5", "1": "1", "30": "30", "999": "999", "1000": "1", "1500": "1500ms", "60000": "60", "\"7\"": "7"} {
		p, errs := connection(t, "ip: a, slaveID: 1, timeout: "+given)
		if got := fmt.Sprint(p[modbusTCP]["Timeout"]); got != want {
			t.Errorf("timeout %s is %s, want %s %s", given, got, want, errs)
		}
	}
}

func TestConnections(t *testing.T) {
	for config, want := range map[string]string{
		"ip: a, port: 1502, slaveID: 3":                                    "map[modbus-tcp:map[Address:a IdleTimeout:5 Port:1502 Timeout:5 UnitID:3]]",
		"communicateMode: tcp, ip: a, serialName: /dev/x, slaveID: '3'":    "map[modbus-tcp:map[Address:a IdleTimeout:5 Port:502 Timeout:5 UnitID:3]]",
		"communicateMode: RTU, ip: a, serialName: /dev/x, baudRate: 9600":  "map[modbus-rtu:map[Address:/dev/x BaudRate:9600 DataBits:8 IdleTimeout:5 Parity:N StopBits:1 Timeout:5 UnitID:1]]",
		"serialPort: /dev/x, baudRate: '19200', parity: Even, stopBits: 2": "map[modbus-rtu:map[Address:/dev/x BaudRate:19200 DataBits:8 IdleTimeout:5 Parity:E StopBits:2 Timeout:5 UnitID:1]]",
		"ip: a, collectRetryTimes: 50":                                     "map[modbus-tcp:map[Address:a IdleTimeout:5 Port:502 Retries:10 Timeout:5 UnitID:1]]",
		"communicateMode: RTU, ip: a":                                      "serialPort is missing",
		"serialPort: /dev/x":                                               "baudRate is missing",
		"slaveID: 1":                                                       "ip is missing",
		"ip: a, port: 0":                                                   "0 is not between 1 and 65535",
	} {
		p, errs := connection(t, config)
		if got := fmt.Sprint(p) + errs; !strings.Contains(got, want) {
			t.Errorf("%s:\n%s, want\n%s", config, got, want)
		}
	}
}
