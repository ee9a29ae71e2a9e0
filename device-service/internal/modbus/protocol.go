package modbus

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/sqlengine/diag"
)

// The protocols of a device file.
const (
	protocolTCP   = "modbus-tcp"
	protocolRTU   = "modbus-rtu"
	protocolASCII = "modbus-ascii"
)

// wire says how a line is opened. Devices with the same endpoint share a line.
type wire struct {
	endpoint string // tcp://host:port, tcp+tls://, rtuovertcp:// or rtu://device, also of ASCII
	tls      tlsFiles
	baud     int // this and what follows: serial only
	dataBits int
	stopBits int
	parity   string // N, E or O
	ascii    bool   // frames of ASCII
}

// settings are the protocol properties of one device.
type settings struct {
	wire
	unit    uint8
	timeout time.Duration
	// idle is how long the line is kept open without requests; 0 opens it for
	// each request, and below 0 it is never closed.
	idle         time.Duration
	maxRegisters int // in one read
	// Unwanted registers or bits that a read may take along; below 0: as the
	// driver has it.
	registerGap, bitGap int

	addressing
	retries      int           // of a read that was not answered
	frameDelay   time.Duration // least pause between two requests on the line
	connectDelay time.Duration // between connecting and the first request
	single       bool          // each register or coil is written by a request of its own
	verify       bool          // what was written is read back
}

// Defaults of properties that are left out; those of a serial line are the
// ones that the specification of Modbus over serial lines names.
const (
	defaultPort    = 502
	defaultUnit    = 1
	defaultTimeout = 2 * time.Second
	defaultIdle    = time.Minute
	defaultBaud    = 19200
	defaultBits    = 8
	defaultASCII   = 7 // bits
	defaultStop    = 1
	defaultParity  = "E"
)

// Longer times are a mistake. Those that device-modbus takes count as the
// longest, so that its files load.
const (
	longestTimeout      = 15 * time.Minute
	longestIdle         = 7 * 24 * time.Hour
	longestDelay        = 10 * time.Second
	longestConnectDelay = time.Minute
	longest             = 100 * 365 * 24 * time.Hour
)

var sharedProperties = []string{"Address", "UnitID", "Timeout", "IdleTimeout",
	// additions of this driver
	"MaxRegistersPerRead", "MaxRegisterGap", "MaxBitGap", "AddressBase", "AddressOffset", "Retries", "FrameDelay", "SingleWrites", "VerifyWrites",
	// of device-modbus 4
	"ConnectDelay",
	// of device-modbus 4; this driver paces its attempts itself
	"ProtocolRecoveryTimeout", "LinkRecoveryTimeout"}

// properties lists what each protocol knows.
var properties = map[string][]string{
	protocolTCP:   append([]string{"Port", "Framing", "TLS", "CertFile", "KeyFile", "CAFile"}, sharedProperties...),
	protocolRTU:   serialProperties,
	protocolASCII: serialProperties,
}

var serialProperties = append([]string{"BaudRate", "DataBits", "StopBits", "Parity"}, sharedProperties...)

// propertyReader reads the properties of one protocol and keeps all findings.
type propertyReader struct {
	values   map[string]any
	findings []error
}

// parseProtocols reads how a device is reached. The error joins a finding for
// each property that is wrong.
func parseProtocols(protocols map[string]map[string]any) (settings, error) {
	name, err := protocolOf(protocols)
	if err != nil {
		return settings{}, err
	}
	p := &propertyReader{values: protocols[name]}
	p.unknown(properties[name])
	s := settings{
		unit:         uint8(p.integer("UnitID", 0, 255, defaultUnit)),
		timeout:      min(p.duration("Timeout", longest, defaultTimeout), longestTimeout),
		idle:         min(p.duration("IdleTimeout", longest, defaultIdle), longestIdle),
		maxRegisters: p.integer("MaxRegistersPerRead", 1, maxReadRegisters, maxReadRegisters),
		registerGap:  p.integer("MaxRegisterGap", 0, maxReadRegisters, -1),
		bitGap:       p.integer("MaxBitGap", 0, maxReadBits, -1),
		addressing:   addressing{p.integer("AddressBase", 0, 1, 0), p.integer("AddressOffset", -addresses, addresses, 0)},
		retries:      p.integer("Retries", 0, 10, 0),
		frameDelay:   p.duration("FrameDelay", longestDelay, 0),
		connectDelay: p.duration("ConnectDelay", longestConnectDelay, 0),
		single:       p.flag("SingleWrites"),
		verify:       p.flag("VerifyWrites"),
	}
	if s.timeout <= 0 {
		p.fail("Timeout", "", errors.New("must be above 0"))
	}
	switch name {
	case protocolTCP:
		s.wire = p.tcp()
	case protocolRTU:
		s.wire = p.serial(defaultBits)
	case protocolASCII:
		s.wire = p.serial(defaultASCII)
		s.ascii = true
	}
	return s, errors.Join(p.findings...)
}

// protocolOf finds the one protocol that is ours; others may stand beside it.
func protocolOf(protocols map[string]map[string]any) (string, error) {
	ours := slices.Sorted(maps.Keys(properties))
	var found []string
	for _, name := range ours {
		if _, ok := protocols[name]; ok {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		hint := "The protocols of a Modbus device are " + strings.Join(ours, ", ")
		for _, name := range slices.Sorted(maps.Keys(protocols)) {
			if near := diag.Nearest(name, ours); near != "" {
				hint = fmt.Sprintf("%q is not known; did you mean %q?", name, near)
			}
		}
		return "", &driver.AttributeError{Attribute: protocolTCP, Err: errors.New("is missing"), Hint: hint}
	}
	return "", &driver.AttributeError{Attribute: found[0], Err: fmt.Errorf("stands beside %s: a device has one of them", found[1])}
}

func (p *propertyReader) fail(property, hint string, err error) {
	p.findings = append(p.findings, &driver.AttributeError{Attribute: property, Err: err, Hint: hint})
}

// unknown finds misspelt properties. Others that are not ours are ignored.
func (p *propertyReader) unknown(known []string) {
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		if !slices.Contains(known, name) && diag.Nearest(name, known) != "" {
			p.fail(name, diag.DidYouMean(name, known), errors.New("unknown property"))
		}
	}
}

// value is a property that is there and not empty.
func (p *propertyReader) value(property string) (any, bool) {
	v, ok := p.values[property]
	return v, ok && v != nil && text(v) != ""
}

func (p *propertyReader) integer(property string, low, high, otherwise int) int {
	v, ok := p.value(property)
	if !ok {
		return otherwise
	}
	n, err := integer(v, low, high)
	if err != nil {
		p.fail(property, "", err)
	}
	return n
}

func (p *propertyReader) duration(property string, limit, otherwise time.Duration) time.Duration {
	v, ok := p.value(property)
	if !ok {
		return otherwise
	}
	d, err := duration(v, limit)
	if err != nil {
		p.fail(property, "", err)
		return otherwise
	}
	return d
}

func (p *propertyReader) address() string {
	v, ok := p.value("Address")
	if !ok {
		p.fail("Address", "", errors.New("is missing"))
		return ""
	}
	return text(v)
}

func (p *propertyReader) tcp() wire {
	host := strings.Trim(p.address(), "[]")
	if strings.ContainsAny(host, "/ ") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
		p.fail("Address", "The port is a property of its own: Port", fmt.Errorf("%q is neither a host name nor an IP address", host))
	}
	port := p.integer("Port", 1, 65535, defaultPort)
	w := wire{endpoint: p.framing() + "://" + net.JoinHostPort(host, strconv.Itoa(port))}
	if w.tls = p.tlsFiles(); w.tls == (tlsFiles{}) {
		return w
	}
	if strings.HasPrefix(w.endpoint, schemeRTU) {
		p.fail("Framing", "", errors.New("frames of RTU do not go over TLS"))
	}
	w.endpoint = schemeTLS + w.endpoint[len(schemeTCP):]
	return w
}

// The ways to a TCP endpoint.
const (
	schemeTCP = "tcp"
	schemeTLS = "tcp+tls"
	schemeRTU = "rtuovertcp"
)

// framing is what goes over TCP: frames of Modbus TCP, or those of RTU, which
// plain serial gateways pass on.
func (p *propertyReader) framing() string {
	v, ok := p.value("Framing")
	if !ok || strings.EqualFold(text(v), "tcp") {
		return schemeTCP
	}
	if !strings.EqualFold(text(v), "rtu") {
		p.fail("Framing", "It is tcp or rtu", fmt.Errorf("unknown framing %q", text(v)))
	}
	return schemeRTU
}

func (p *propertyReader) flag(property string) bool {
	v, ok := p.value(property)
	if !ok {
		return false
	}
	b, err := boolean(v)
	if err != nil {
		p.fail(property, "", err)
	}
	return b
}

func (p *propertyReader) serial(dataBits int) wire {
	path, _, _ := strings.Cut(p.address(), ",") // device-modbus drops what follows
	return wire{
		endpoint: "rtu://" + path,
		baud:     p.integer("BaudRate", 50, 4_000_000, defaultBaud),
		dataBits: p.integer("DataBits", 5, 8, dataBits),
		stopBits: p.integer("StopBits", 1, 2, defaultStop),
		parity:   p.parity(),
	}
}

func (p *propertyReader) parity() string {
	v, ok := p.value("Parity")
	if !ok {
		return defaultParity
	}
	switch strings.ToUpper(text(v)) {
	case "N", "NONE":
		return "N"
	case "E", "EVEN":
		return "E"
	case "O", "ODD":
		return "O"
	}
	p.fail("Parity", "It is N, E or O", fmt.Errorf("unknown parity %q", text(v)))
	return ""
}

// serialLine tells a serial line from a TCP endpoint.
func (w wire) serialLine() bool { return w.baud != 0 }

// unnumbered tells whether answers have no number to know them by.
func (w wire) unnumbered() bool { return w.serialLine() || strings.HasPrefix(w.endpoint, schemeRTU) }

// serial is the usual short form of the settings of a serial line: 9600 8N1.
func (w wire) serial() string {
	form := fmt.Sprintf("%d %d%s%d", w.baud, w.dataBits, w.parity, w.stopBits)
	if w.ascii {
		return "ASCII " + form
	}
	return form
}
