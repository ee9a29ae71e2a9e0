package modbus

import (
	"slices"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

func TestProtocols(t *testing.T) {
	plain := settings{unit: 1, timeout: 2 * time.Second, idle: time.Minute, maxRegisters: 125, registerGap: -1, bitGap: -1}
	with := func(change func(*settings)) settings {
		s := plain
		change(&s)
		return s
	}
	serial := func(endpoint string, baud, stop int, parity string) wire {
		return wire{endpoint: endpoint, baud: baud, dataBits: 8, stopBits: stop, parity: parity}
	}
	cases := []struct {
		name, protocol string
		properties     map[string]any
		want           settings
	}{
		{"defaults", protocolTCP, map[string]any{"Address": "plc"}, with(func(s *settings) { s.endpoint = "tcp://plc:502" })},
		{"device-modbus 3", protocolTCP, map[string]any{"Address": "10.0.0.5", "Port": "1502", "UnitID": "0", "Timeout": "5", "IdleTimeout": 5},
			with(func(s *settings) {
				s.endpoint, s.unit, s.timeout, s.idle = "tcp://10.0.0.5:1502", 0, 5*time.Second, 5*time.Second
			})},
		{"device-modbus 4", protocolTCP, map[string]any{"Address": "::1", "Port": 502.0, "UnitID": 255, "Timeout": "500ms", "IdleTimeout": -1, "ConnectDelay": "1s", "MaxRegistersPerRead": 50},
			with(func(s *settings) {
				s.endpoint, s.unit, s.timeout, s.idle = "tcp://[::1]:502", 255, 500*time.Millisecond, -time.Second
				s.connectDelay, s.maxRegisters = time.Second, 50
			})},
		{"serial", protocolRTU, map[string]any{"Address": "/dev/ttyUSB0", "BaudRate": "9600", "DataBits": 8, "StopBits": "2", "Parity": "n", "UnitID": 7, "Timeout": 0.25, "IdleTimeout": 0},
			with(func(s *settings) {
				s.wire, s.unit, s.timeout, s.idle = serial("rtu:///dev/ttyUSB0", 9600, 2, "N"), 7, 250*time.Millisecond, 0
			})},
		{"as device-modbus takes it", protocolTCP, map[string]any{"Address": "plc", "Port": "0x1F6", "UnitID": "0x0a", "Timeout": 5000, "IdleTimeout": 1e7, "ConnectDelay": "30s", "Site": "hall 1"},
			with(func(s *settings) {
				s.endpoint, s.unit, s.timeout, s.idle, s.connectDelay = "tcp://plc:502", 10, 15*time.Minute, 7*24*time.Hour, 30*time.Second
			})},
		{"more behind the serial device", protocolRTU, map[string]any{"Address": "/dev/ttyS0,rs485"}, with(func(s *settings) { s.wire = serial("rtu:///dev/ttyS0", 19200, 1, "E") })},
		{"serial defaults", protocolRTU, map[string]any{"Address": "/dev/ttyS0", "Parity": "Odd"},
			with(func(s *settings) { s.wire = serial("rtu:///dev/ttyS0", 19200, 1, "O") })},
		{"ASCII", protocolASCII, map[string]any{"Address": "/dev/ttyS0", "BaudRate": 9600},
			with(func(s *settings) {
				s.wire = serial("rtu:///dev/ttyS0", 9600, 1, "E")
				s.dataBits, s.ascii = 7, true
			})},
		{"additions", protocolTCP, map[string]any{"Address": "gw", "Framing": "RTU", "AddressBase": "1", "AddressOffset": -100, "Retries": 2, "FrameDelay": "5ms", "SingleWrites": "true",
			"VerifyWrites": true, "MaxRegisterGap": 0, "MaxBitGap": "7"},
			with(func(s *settings) {
				s.endpoint, s.base, s.retries, s.frameDelay = "rtuovertcp://gw:502", 1, 2, 5*time.Millisecond
				s.offset = -100
				s.single, s.verify, s.registerGap, s.bitGap = true, true, 0, 7
			})},
		{"TLS", protocolTCP, map[string]any{"Address": "plc", "Port": 802, "TLS": "true", "CertFile": "c.pem", "KeyFile": "k.pem", "CAFile": "a.pem"},
			with(func(s *settings) {
				s.endpoint, s.tls = "tcp+tls://plc:802", tlsFiles{"c.pem", "k.pem", "a.pem"}
			})},
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
		{nil, `protocol property "modbus-tcp": is missing. The protocols of a Modbus device are modbus-ascii, modbus-rtu, modbus-tcp`},
		{map[string]map[string]any{"modbus-tpc": {}}, `protocol property "modbus-tcp": is missing. "modbus-tpc" is not known; did you mean "modbus-tcp"?`},
		{map[string]map[string]any{"modbus-ascii": {}, "modbus-rtu": {}}, `protocol property "modbus-ascii": stands beside modbus-rtu: a device has one of them`},
		{tcp("CertFile", "c.pem"), `protocol property "CertFile": has no meaning without TLS. Set TLS to "true"`},
		{tcp("Framing", "ascii"), `protocol property "Framing": unknown framing "ascii". It is tcp or rtu`},
		{tcp("AddressBase", 2), `protocol property "AddressBase": 2 is not between 0 and 1`},
		{map[string]map[string]any{protocolTCP: {}, protocolRTU: {}}, `protocol property "modbus-rtu": stands beside modbus-tcp: a device has one of them`},
		{map[string]map[string]any{protocolTCP: {}}, `protocol property "Address": is missing`},
		{map[string]map[string]any{protocolRTU: {"Address": "/dev/x", "Parity": "M", "BaudRate": 1, "UnitId": 2}},
			"protocol property \"UnitId\": unknown property. Did you mean \"UnitID\"?\nprotocol property \"BaudRate\": 1 is not between 50 and 4000000\nprotocol property \"Parity\": unknown parity \"M\". It is N, E or O"},
		{tcp("Addres", "plc"), `protocol property "Addres": unknown property. Did you mean "Address"?`},
		{tcp("Address", "plc:502"), `protocol property "Address": "plc:502" is neither a host name nor an IP address. The port is a property of its own: Port`},
		{tcp("Port", 65536), `protocol property "Port": 65536 is not between 1 and 65535`},
		{tcp("UnitID", "256"), `protocol property "UnitID": 256 is not between 0 and 255`},
		{tcp("Timeout", 0), `protocol property "Timeout": must be above 0`},
		{tcp("Timeout", "soon"), `protocol property "Timeout": "soon" is neither a number of seconds nor a duration such as "500ms"`},
		{tcp("FrameDelay", 5000), `protocol property "FrameDelay": 5000 is too long; a plain number is in seconds, a text such as "500ms" has its unit`},
	}
	for _, c := range cases {
		if _, err := parseProtocols(c.protocols); err == nil || err.Error() != c.want {
			t.Errorf("%v:\n got %v\nwant %s", c.protocols, err, c.want)
		}
	}
}

// Whatever the properties are, what is accepted can be used.
func FuzzProtocols(f *testing.F) {
	f.Add(protocolTCP, "plc", "0x1F6", "255", "500ms", "-1", "RTU", "Port")
	f.Add(protocolRTU, "/dev/ttyUSB0,", "9600", "0x", "1e99", "NaN", "E", "BaudRate")
	f.Add(protocolASCII, "", "7", "-1", "", "0", "odd", "DataBits")
	f.Fuzz(func(t *testing.T, protocol, address, number, unit, timeout, idle, word, name string) {
		dev := driver.Device{Protocols: map[string]map[string]any{protocol: {
			"Address": address, "UnitID": unit, "Timeout": timeout, "IdleTimeout": idle, "Framing": word, "Parity": word, name: number,
		}}}
		s, err := parseProtocols(dev.Protocols)
		if err != nil {
			if len(driver.Findings(err)) == 0 {
				t.Fatalf("%v is no finding", err)
			}
			return
		}
		if s.timeout <= 0 || s.timeout > longestTimeout || s.idle > longestIdle || s.maxRegisters < 1 || s.serialLine() == (s.baud == 0) {
			t.Fatalf("%+v", s)
		}
		_ = ignored(dev, s, []driver.Resource{{Attributes: map[string]any{name: number}}})
	})
}

// What is not used is told: it loads, as with device-modbus.
func TestIgnored(t *testing.T) {
	dev := driver.Device{Protocols: map[string]map[string]any{protocolTCP: {"Address": "plc", "Timeout": 5000, "Site": "hall 1"}, "other": {"any": 1}}}
	s, err := parseProtocols(dev.Protocols)
	if err != nil {
		t.Fatal(err)
	}
	got := ignored(dev, s, []driver.Resource{
		resource("a", "Int16", "HOLDING_REGISTERS", 1, "scale", 0.1, urlRawQuery, "a=b"), resource("b", "Int16", "HOLDING_REGISTERS", 1, "scale", 0.1, "colour", "red"),
	})
	if want := []string{"modbus-tcp.Site", "what Timeout is above 15m0s", "attribute scale", "attribute colour"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
