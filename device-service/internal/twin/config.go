package twin

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is the section KubeEdge of a device service.
type Config struct {
	Devices        string // imported (default) or all
	Properties     string // reported (default): as KubeEdge says of imported devices; or all
	DeviceIDs      string // auto (default), name or namespaced
	Namespace      string // of devices that were not imported; default
	Node           string // of devices that do not name theirs
	ReportInterval string // 60s
	MinInterval    string // 1s
	TimeSeries     bool
	MQTT           MQTTSection
	DMI            DMISection
}

// MQTTSection says how the broker of KubeEdge's edge is reached.
type MQTTSection struct {
	Server         string // empty: off
	ClientID       string
	SecretName     string // with username, password, cacert, clientcert, clientkey
	SkipCertVerify bool
}

// DMISection says how edgecore is reached as a mapper.
type DMISection struct {
	EdgeSocket string // empty: off
	Socket     string // of the service
	Address    string // path that edgecore finds this socket at; empty: Socket
	Protocol   string // of the devices that edgecore gives it
}

// The settings of Devices and DeviceIDs.
const (
	imported   = "imported"
	reported   = "reported"
	all        = "all"
	auto       = "auto"
	plain      = "name"
	namespaced = "namespaced"
)

// Enabled tells whether there is a twin to report to.
func (c Config) Enabled() bool { return c.MQTT.Server != "" || c.DMI.EdgeSocket != "" }

// WithDefaults puts in what is not given, and finds all that is wrong.
func (c Config) WithDefaults() (Config, error) {
	var errs []error
	choose := func(name string, field *string, possible ...string) {
		if *field == "" {
			*field = possible[0]
		}
		if !slices.Contains(possible, *field) {
			errs = append(errs, fmt.Errorf("KubeEdge.%s: unknown value %q; there are %s", name, *field, strings.Join(possible, ", ")))
		}
	}
	choose("Devices", &c.Devices, imported, all)
	choose("Properties", &c.Properties, reported, all)
	choose("DeviceIDs", &c.DeviceIDs, auto, plain, namespaced)
	if c.Namespace == "" {
		c.Namespace = "default"
	}
	for _, d := range []struct {
		name, def string
		field     *string
	}{{"ReportInterval", "60s", &c.ReportInterval}, {"MinInterval", "1s", &c.MinInterval}} {
		if *d.field == "" {
			*d.field = d.def
		}
		if t, err := time.ParseDuration(*d.field); err != nil || t < shortestInterval {
			errs = append(errs, fmt.Errorf("KubeEdge.%s: %q is no duration from %v on; write it with its unit, such as %q", d.name, *d.field, shortestInterval, d.def))
		}
	}
	errs = append(errs, c.MQTT.check(), c.DMI.check())
	return c, errors.Join(errs...)
}

// shortestInterval is the shortest that a report may be repeated in.
const shortestInterval = 10 * time.Millisecond

// secured tells which schemes of servers there are, and whether they use TLS.
var secured = map[string]bool{"tcp": false, "mqtt": false, "ws": false, "ssl": true, "tls": true, "mqtts": true, "wss": true}

func (s MQTTSection) check() error {
	if s.Server == "" {
		return nil
	}
	u, err := url.Parse(s.Server)
	if err == nil && u.User != nil {
		return errors.New("KubeEdge.MQTT.Server: it has a user; put user and password into the secret store and name the secret in SecretName")
	}
	if err == nil {
		if _, known := secured[u.Scheme]; known && u.Host != "" {
			return nil
		}
	}
	return fmt.Errorf("KubeEdge.MQTT.Server: %q is no address of a broker; write it like tcp://127.0.0.1:1883 or ssl://host:8883", s.Server)
}

func (s DMISection) check() error {
	switch {
	case s.EdgeSocket == "":
		return nil
	case s.Socket == "":
		return errors.New("KubeEdge.DMI.Socket: it is missing; give the path of a socket that edgecore can reach, such as /etc/kubeedge/modbus.sock")
	case s.Protocol == "":
		return errors.New("KubeEdge.DMI.Protocol: it is missing; give the protocolName of the devices, such as modbus")
	}
	return nil
}

// Options are those of a bridge. The config has been checked.
func (c Config) Options() Options {
	interval, _ := time.ParseDuration(c.ReportInterval)
	spacing, _ := time.ParseDuration(c.MinInterval)
	return Options{Interval: interval, Spacing: spacing, Series: c.TimeSeries}
}

// Connection says how the broker is reached, with the values of the secret.
func (c Config) Connection(secret map[string]string) (MQTTConfig, error) {
	out := MQTTConfig{Server: c.MQTT.Server, ClientID: c.MQTT.ClientID, Username: secret["username"], Password: secret["password"], Node: c.Node}
	u, err := url.Parse(c.MQTT.Server)
	if err != nil || !secured[u.Scheme] {
		return out, err
	}
	out.TLS = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.MQTT.SkipCertVerify} //nolint:gosec // only where it is asked for
	if ca := secret["cacert"]; ca != "" {
		out.TLS.RootCAs = x509.NewCertPool()
		if !out.TLS.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			return out, fmt.Errorf("secret %q: cacert is no certificate in PEM", c.MQTT.SecretName)
		}
	}
	if secret["clientcert"] == "" && secret["clientkey"] == "" {
		return out, nil
	}
	pair, err := tls.X509KeyPair([]byte(secret["clientcert"]), []byte(secret["clientkey"]))
	if err != nil {
		return out, fmt.Errorf("secret %q: clientcert and clientkey: %w", c.MQTT.SecretName, err)
	}
	out.TLS.Certificates = []tls.Certificate{pair}
	return out, nil
}

// Identity is what KubeEdge calls a device.
type Identity struct {
	Namespace, Name, Node string
	// Old tells that the device comes from a version of KubeEdge's API whose
	// topics have the name of a device alone.
	Old      bool
	Reported map[string]bool // nil: all
}

// Device is a device with a twin. A device that was not imported has its name
// at EdgeX; false: it has no twin.
func (c Config) Device(name string, of *Identity) (Device, bool) {
	d := Device{Name: name, Namespace: c.Namespace, Object: name, Node: c.Node}
	old := false
	switch {
	case of != nil:
		d.Namespace, d.Object, old = of.Namespace, of.Name, of.Old
		if c.Properties == reported {
			d.Reported = of.Reported
		}
		if of.Node != "" {
			d.Node = of.Node
		}
	case c.Devices != all:
		return d, false
	}
	d.ID = d.Namespace + "/" + d.Object
	if c.DeviceIDs == plain || c.DeviceIDs == auto && old {
		d.ID = d.Object
	}
	return d, true
}
