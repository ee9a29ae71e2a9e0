package modbus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/simonvetter/modbus"
)

// tlsFiles are the files in PEM of a connection by TLS. Modbus Security wants
// certificates of both sides.
type tlsFiles struct{ cert, key, ca string }

func (p *propertyReader) tlsFiles() (f tlsFiles) {
	if !p.flag("TLS") {
		for _, name := range []string{"CertFile", "KeyFile", "CAFile"} {
			if _, ok := p.value(name); ok {
				p.fail(name, `Set TLS to "true"`, errors.New("has no meaning without TLS"))
			}
		}
		return f
	}
	for name, to := range map[string]*string{"CertFile": &f.cert, "KeyFile": &f.key, "CAFile": &f.ca} {
		v, ok := p.value(name)
		if !ok {
			p.fail(name, "", errors.New("is missing: TLS needs it"))
			continue
		}
		*to = text(v)
	}
	return f
}

// load reads the files. They are read for each connection, so a renewed
// certificate needs no restart.
func (f tlsFiles) load(c *modbus.ClientConfiguration) error {
	if f == (tlsFiles{}) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("certificate of the client: %w", err)
	}
	pem, err := os.ReadFile(f.ca)
	if err != nil {
		return fmt.Errorf("certificate of the authority: %w", err)
	}
	c.TLSClientCert, c.TLSRootCAs = &pair, x509.NewCertPool()
	if !c.TLSRootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("certificate of the authority: %s has none", f.ca)
	}
	return nil
}
