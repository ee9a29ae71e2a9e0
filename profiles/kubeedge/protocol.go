package kubeedge

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// The protocols of EdgeX's devices.
const (
	modbusTCP = "modbus-tcp"
	modbusRTU = "modbus-rtu"
)

// Defaults of a connection: device-modbus of EdgeX wants both times, and the
// unit.
const (
	defaultTimeout = 5
	idleTimeout    = 5
	defaultPort    = 502
	defaultUnit    = 1
)

// protocols say how the device is reached, with the tags that come of it.
func (c *conversion) protocols(tags map[string]any) map[string]dtos.ProtocolProperties {
	v := c.protocol()
	read := newConfig(v.Config, func(severity Severity, hint, format string, args ...any) {
		c.note(severity, "spec.protocol", hint, format, args...)
	})
	switch v.Protocol {
	case modbus:
		defer read.close()
		c.serialType(read, tags)
		return c.modbusProtocol(read)
	case opcua:
		defer read.close()
		return map[string]dtos.ProtocolProperties{opcua: c.opcuaProtocol(read)}
	case "":
		c.note(Error, "spec.protocol", "it is modbus, opcua or another", "is missing")
		return nil
	}
	c.note(Warning, "spec.protocol", meant(v.Protocol)+"name the device service in the options", "%s is no protocol of Sluice: its configuration goes to %s as it is", v.Protocol, c.options.service(v.Protocol))
	properties := dtos.ProtocolProperties{}
	for key, value := range v.Config {
		properties[key] = value
	}
	return map[string]dtos.ProtocolProperties{v.Protocol: properties}
}

// meant is a hint for a name that is nearly one of Sluice's protocols.
func meant(protocol string) string {
	name := strings.ReplaceAll(strings.ToLower(protocol), "-", "")
	for _, end := range []string{"tcp", "rtu"} {
		name = strings.TrimSuffix(name, end)
	}
	if !ours(name) {
		return ""
	}
	return fmt.Sprintf("did you mean %q? If not, ", name)
}

// protocol is that of the device over that of its model.
func (c *conversion) protocol() Visitor {
	return *effective(&Visitor{c.model.Protocol, c.model.ProtocolConfig}, &c.device.Protocol)
}

func (c *conversion) serialType(read *config, tags map[string]any) {
	values, _ := read.get("customizedValues").(map[string]any)
	kind := text(newConfig(values, read.report).get("serialType"))
	if kind == "" && read.truth("rs485Enabled") {
		kind = "RS485"
	}
	if kind != "" {
		tags[tagSerialType] = kind
		c.note(Warning, "spec.protocol", "", "the line is %s, which nothing is set for: the system must know it", kind)
	}
}

func (c *conversion) modbusProtocol(read *config) map[string]dtos.ProtocolProperties {
	unit := read.whole(0, 255, defaultUnit, "slaveID", "unitID")
	if read.get("slaveID", "unitID") == nil {
		c.note(Warning, "spec.protocol", "", "slaveID is missing: %d is taken", defaultUnit)
	}
	properties := dtos.ProtocolProperties{"UnitID": unit, "IdleTimeout": idleTimeout, "Timeout": c.timeout(read, "collectTimeout", "timeout")}
	if n := read.whole(0, math.MaxInt32, 0, "collectRetryTimes"); n > 0 {
		properties["Retries"] = min(n, 10)
	}
	host, serial := read.text("ip"), read.text("serialPort", "serialName")
	port := read.whole(1, 65535, defaultPort, "port")
	mode := strings.ToUpper(read.text("communicateMode"))
	line := serialLine{read.whole(50, 4_000_000, 0, "baudRate"), read.whole(5, 8, 8, "dataBits"), read.whole(1, 2, 1, "stopBits"), parityOf(read)}
	for _, key := range []string{"commType", "reconnTimeout", "reconnRetryTimes", "collectType"} {
		read.get(key) // nothing at EdgeX
	}
	switch {
	case mode == "RTU" || mode == "" && host == "" && serial != "":
		if serial == "" {
			c.note(Error, "spec.protocol", "", "serialPort is missing")
		}
		if line.baud == 0 {
			c.note(Error, "spec.protocol", "", "baudRate is missing")
		}
		properties["Address"] = serial
		line.into(properties)
		return map[string]dtos.ProtocolProperties{modbusRTU: properties}
	case host == "":
		c.note(Error, "spec.protocol", "a device has ip and port, or serialPort", "ip is missing")
	}
	properties["Address"], properties["Port"] = host, port
	return map[string]dtos.ProtocolProperties{modbusTCP: properties}
}

// serialLine are the settings of a serial line.
type serialLine struct {
	baud, dataBits, stopBits int64
	parity                   string
}

func (l serialLine) into(p dtos.ProtocolProperties) {
	p["BaudRate"], p["DataBits"], p["StopBits"], p["Parity"] = l.baud, l.dataBits, l.stopBits, l.parity
}

func parityOf(read *config) string {
	s := read.text("parity")
	p, known := parities[strings.ToLower(s)]
	if s != "" && !known {
		read.report(Error, "it is none, even or odd", "parity: unknown value %q", s)
	}
	return cmp.Or(p, "N")
}

// parities are the names of EdgeX by those that there are.
var parities = map[string]string{"none": "N", "n": "N", "even": "E", "e": "E", "odd": "O", "o": "O"}

// timeout is the limit for an answer. Its unit is nowhere defined: below 1000
// it is seconds, else milliseconds.
func (c *conversion) timeout(read *config, names ...string) any {
	n := read.whole(0, math.MaxInt32, 0, names...)
	switch {
	case n == 0:
		return defaultTimeout
	case n < 1000:
		return n
	case n%1000 == 0:
		return n / 1000
	}
	c.note(Warning, "spec.protocol", "", "a timeout of %d ms is taken by the device service of Sluice; that of EdgeX wants whole seconds", n)
	return fmt.Sprintf("%dms", n)
}

// policies and modes by their names in lower case.
var (
	policies = names("None", "Basic128Rsa15", "Basic256", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss")
	modes    = names("None", "Sign", "SignAndEncrypt")
)

func names(list ...string) map[string]string {
	m := map[string]string{}
	for _, n := range list {
		m[strings.ToLower(n)] = n
	}
	return m
}

// choose puts in a choice by its name at EdgeX, if there is one.
func choose(read *config, properties dtos.ProtocolProperties, key string, choice map[string]string) {
	given := read.text("security" + key)
	if given == "" {
		return
	}
	v := choice[strings.ToLower(given)]
	if v == "" {
		read.report(Error, "", "security%s: unknown value %q", key, given)
	}
	properties[key] = v
}

func (c *conversion) opcuaProtocol(read *config) dtos.ProtocolProperties {
	url := read.text("url", "endpoint")
	if url == "" {
		c.note(Error, "spec.protocol", "it is such as opc.tcp://host:4840", "url is missing")
	}
	properties := dtos.ProtocolProperties{"Endpoint": url}
	choose(read, properties, "Policy", policies)
	choose(read, properties, "Mode", modes)
	if n := read.whole(0, math.MaxInt32, 0, "timeout"); n > 0 {
		properties["Timeout"] = fmt.Sprintf("%ds", n)
	}
	user, password := read.text("userName", "user"), read.text("password")
	if user != "" || password != "" {
		properties["Authentication"], properties["SecretName"] = "username", c.name
		c.note(Warning, "spec.protocol", "", "put the user name and the password into the secret %q of the device service: they are not taken from here", c.name)
	}
	if read.text("certificate")+read.text("privateKey", "remoteCertificate", "customizedValues") != "" {
		c.note(Warning, "spec.protocol", "", "the device service has a certificate of its own: let the server trust it")
	}
	return properties
}
