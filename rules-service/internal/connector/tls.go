package connector

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
)

// TLS are the properties of a secured connection, to be embedded.
type TLS struct {
	CertificationPath    string `prop:"certificationPath" doc:"File with the client's certificate, PEM."`
	PrivateKeyPath       string `prop:"privateKeyPath" doc:"File with the client's key, PEM."`
	RootCAPath           string `prop:"rootCaPath" doc:"File with the certificates to trust, PEM."`
	CertificationRaw     string `prop:"certificationRaw" alias:"certficationRaw" doc:"The client's certificate, base64 of PEM."`
	PrivateKeyRaw        Secret `prop:"privateKeyRaw" doc:"The client's key, base64 of PEM."`
	RootCARaw            string `prop:"rootCARaw" doc:"The certificates to trust, base64 of PEM."`
	InsecureSkipVerify   bool   `prop:"insecureSkipVerify" doc:"Take any certificate of the server."`
	TLSMinVersion        string `prop:"tlsMinVersion" doc:"tls1.2 or tls1.3; tls1.2 when empty."`
	RenegotiationSupport string `prop:"renegotiationSupport" doc:"never, once or freely."`
}

// Config builds the settings; files are read now.
func (t TLS) Config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.InsecureSkipVerify} //nolint:gosec // asked for by name
	switch t.TLSMinVersion {
	case "", "tls1.2":
	case "tls1.3":
		c.MinVersion = tls.VersionTLS13
	default:
		return nil, fmt.Errorf("property %q: %q is no version; there are tls1.2 and tls1.3", "tlsMinVersion", t.TLSMinVersion)
	}
	switch t.RenegotiationSupport {
	case "", "never":
	case "once":
		c.Renegotiation = tls.RenegotiateOnceAsClient
	case "freely":
		c.Renegotiation = tls.RenegotiateFreelyAsClient
	default:
		return nil, fmt.Errorf("property %q: there are never, once and freely", "renegotiationSupport")
	}
	if err := t.roots(c); err != nil {
		return nil, err
	}
	return c, t.certificate(c)
}

func (t TLS) roots(c *tls.Config) error {
	pem, err := fileOrRaw("rootCa", t.RootCAPath, t.RootCARaw)
	if err != nil || pem == nil {
		return err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return errors.New("property \"rootCaPath\": no certificate in PEM form is there")
	}
	return nil
}

func (t TLS) certificate(c *tls.Config) error {
	cert, err := fileOrRaw("certification", t.CertificationPath, t.CertificationRaw)
	if err != nil {
		return err
	}
	key, err := fileOrRaw("privateKey", t.PrivateKeyPath, t.PrivateKeyRaw.Reveal())
	if err != nil {
		return err
	}
	switch {
	case cert == nil && key == nil:
		return nil
	case cert == nil || key == nil:
		return errors.New("a client's certificate and its key go together; give both")
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("client certificate: %w", err)
	}
	c.Certificates = []tls.Certificate{pair}
	return nil
}

func fileOrRaw(name, path, raw string) ([]byte, error) {
	switch {
	case path != "":
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("property %q: %w", name+"Path", err)
		}
		return b, nil
	case raw != "":
		b, err := base64.StdEncoding.DecodeString(raw)
		if err != nil {
			return nil, fmt.Errorf("property %q is not base64", name+"Raw")
		}
		return b, nil
	}
	return nil, nil
}

// Key is a digest by which settings are compared.
func (t TLS) Key() string { return keyOf("tls", &t, nil) }
