package modbus

import (
	"testing"
	"time"
)

func TestProtocols(t *testing.T) {
	cases := []struct {
		name, protocol string
		properties     map[string]any
		want           settings
	}{
		{"defaults", protocolTCP, map[string]any{"Address": "plc"},
			settings{wire{endpoint: "tcp://plc:502"}, 1, 2 * time.Second, time.Minute, 125}},
		{"device-modbus 3", protocolTCP, map[string]any{"Address": "10.0.0.5", "Port": "1502", "UnitID": "0", "Timeout": "5", "IdleTimeout": 5},
			settings{wire{endpoint: "tcp://10.0.0.5:1502"}, 0, 5 * time.Second, 5 * time.Second, 125}},
		{"device-modbus 4", protocolTCP, map[string]any{"Address": "::1", "Port": 502.0, "UnitID": 255, "Timeout": "500ms", "IdleTimeout": -1, "ConnectDelay": "1s", "MaxRegistersPerRead": 50},
			settings{wire{endpoint: "tcp://[::1]:502"}, 255, 500 * time.Millisecond, -time.Second, 50}},
		{"serial", protocolRTU, map[string]any{"Address": "/dev/ttyUSB0", "BaudRate": "9600", "DataBits": 8, "StopBits": "2", "Parity": "n", "UnitID": 7, "Timeout": 0.25, "IdleTimeout": 0},
			settings{wire{"rtu:///dev/ttyUSB0", 9600, 8, 2, "N"}, 7, 250 * time.Millisecond, 0, 125}},
		{"serial defaults", protocolRTU, map[string]any{"Address": "/dev/ttyS0", "Parity": "Odd"},
			settings{wire{"rtu:///dev/ttyS0", 19200, 8, 1, "O"}, 1, 2 * time.Second, time.Minute, 125}},
	}
	for _, c := range cases {
		got, err := parseProtocols(map[string]map[string]any{c.protocol: c.properties, "other": {"any": 1}})
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestBadProtocols(t *testing.T) {
	tcp := func(property string, v any) map[string]map[string]any {
		return map[string]map[string]any{protocolTCP: {"Address": "plc", property: v}}
	}
	cases := []struct {
		protocols map[string]map[string]any
		want      string
	}{
		{nil, `protocol property "modbus-tcp": is missing. The protocols of a Modbus device are modbus-rtu and modbus-tcp`},
		{map[string]map[string]any{"modbus-tpc": {}}, `protocol property "modbus-tcp": is missing. "modbus-tpc" is not known; did you mean "modbus-tcp"?`},
		{map[string]map[string]any{protocolTCP: {}, protocolRTU: {}}, `protocol property "modbus-rtu": stands beside modbus-tcp: a device has one of them`},
		{map[string]map[string]any{protocolTCP: {}}, `protocol property "Address": is missing`},
		{map[string]map[string]any{protocolRTU: {"Address": "/dev/x", "Parity": "M", "BaudRate": 1, "Port": 502}},
			"protocol property \"Port\": unknown property\nprotocol property \"BaudRate\": 1 is not between 50 and 4000000\nprotocol property \"Parity\": unknown parity \"M\". It is N, E or O"},
		{tcp("Addres", "plc"), `protocol property "Addres": unknown property. Did you mean "Address"?`},
		{tcp("Address", "plc:502"), `protocol property "Address": "plc:502" is neither a host name nor an IP address. The port is a property of its own: Port`},
		{tcp("Port", 65536), `protocol property "Port": 65536 is not between 1 and 65535`},
		{tcp("UnitID", "256"), `protocol property "UnitID": 256 is not between 0 and 255`},
		{tcp("Timeout", 0), `protocol property "Timeout": must be above 0`},
		{tcp("Timeout", "soon"), `protocol property "Timeout": "soon" is neither a number of seconds nor a duration such as "500ms"`},
		{tcp("Timeout", 5000), `protocol property "Timeout": 5000 is too long; a plain number is in seconds, a text such as "500ms" has its unit`},
	}
	for _, c := range cases {
		if _, err := parseProtocols(c.protocols); err == nil || err.Error() != c.want {
			t.Errorf("%v:\n got %v\nwant %s", c.protocols, err, c.want)
		}
	}
}
