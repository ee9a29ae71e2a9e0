package mqtt

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// Link are the properties of a device's connection to a cloud, to be embedded.
type Link struct {
	KeepAlive time.Duration `prop:"keepAlive" doc:"Interval of pings."`
	Timeout   time.Duration `prop:"timeout" doc:"Limit for connecting, subscribing, publishing and the cloud's answer."`
	connector.TLS
}

var defaultLink = Link{KeepAlive: time.Minute, Timeout: 10 * time.Second}

func (l *Link) check(server string) error {
	if l.Timeout <= 0 || l.KeepAlive <= 0 {
		return errors.New(`properties "timeout" and "keepAlive" must be positive`)
	}
	if err := (mqttclient.Options{Server: server}).Validate(); err != nil {
		return fmt.Errorf(`property "server": %w`, err)
	}
	return nil
}

// certified tells whether the device shows a certificate.
func (l *Link) certified() bool { return l.CertificationPath != "" || l.CertificationRaw != "" }

// connect are the options for a server; alpn is the protocol that TLS asks for,
// or empty.
func (l *Link) connect(server, alpn string) (mqttclient.Options, error) {
	o := mqttclient.Options{Server: server, Version: versions["3.1.1"], KeepAlive: l.KeepAlive, Timeout: l.Timeout}
	if !secured(server) {
		return o, nil
	}
	var err error
	o.TLS, err = l.Config()
	o.TLSKey = l.Key() + alpn
	if err == nil && alpn != "" {
		o.TLS.NextProtos = []string{alpn}
	}
	return o, err
}

// secured tells whether a server is spoken to with TLS.
func secured(server string) bool {
	scheme, _, _ := strings.Cut(server, ":")
	return slices.Contains([]string{"ssl", "tls", "mqtts", "wss"}, scheme)
}

// addressOf completes an address: one without a scheme speaks TLS, one without
// a port has the usual one.
func addressOf(server string) string {
	if server == "" {
		return ""
	}
	if !strings.Contains(server, "://") {
		server = "ssl://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Port() != "" || u.Host == "" {
		return server
	}
	port := ":1883"
	if secured(server) {
		port = ":8883"
	}
	u.Host += port
	return u.String()
}

// hostOf is the host of an address.
func hostOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// renewing is a Login that lasts for a time and is renewed a tenth of it, but
// not more than five minutes, before its end.
func renewing(now time.Time, life time.Duration, l mqttclient.Login) mqttclient.Login {
	l.Renew = now.Add(life - min(life/10, 5*time.Minute))
	return l
}

// shortestLife is that of credentials: each renewal is a new connection.
const shortestLife = time.Minute

func checkLife(life time.Duration) error {
	if life < shortestLife {
		return fmt.Errorf(`property "life" must be at least %s`, shortestLife)
	}
	return nil
}

// checkLevel tells whether a text can be a level of a topic.
func checkLevel(property, text string) error {
	if strings.ContainsAny(text, "/+#\x00") {
		return fmt.Errorf(`property %q: %q cannot be a level of a topic`, property, text)
	}
	return nil
}
