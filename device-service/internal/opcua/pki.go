package opcua

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // OPC UA names certificates by it
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// PKI is the folder of certificates:
//
//	own/cert.pem, own/key.pem   of this service, made when they are not there
//	trusted/                    of servers, or of authorities that vouch for them, PEM or DER
//	rejected/                   of servers that were refused, by thumbprint
//
// Files may come and go while the service runs. It is safe for concurrent use.
type PKI struct {
	dir string
	uri string // of the application, which the certificate must name

	certFile, keyFile string // of this service, elsewhere than in own

	list sync.Mutex // held while certificates are moved

	mu   sync.Mutex
	cert []byte // DER
	key  *rsa.PrivateKey
}

// NewPKI takes a folder; nothing is read or made before it is needed.
func NewPKI(dir, applicationURI string) *PKI { return &PKI{dir: dir, uri: applicationURI} }

// Use takes the certificate of this service and its key from other files than
// those in own; they are not made when they are not there.
func (p *PKI) Use(certFile, keyFile string) { p.certFile, p.keyFile = certFile, keyFile }

const (
	keyBits  = 2048
	validFor = 10 * 365 * 24 * time.Hour
)

// own is the certificate of this service in DER, and its key.
func (p *PKI) own() (cert []byte, key *rsa.PrivateKey, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cert != nil {
		return p.cert, p.key, nil
	}
	certFile, keyFile := filepath.Join(p.dir, "own", "cert.pem"), filepath.Join(p.dir, "own", "key.pem")
	if p.certFile != "" || p.keyFile != "" {
		certFile, keyFile = p.certFile, p.keyFile
	} else if _, err := os.Stat(certFile); errors.Is(err, os.ErrNotExist) {
		if err := p.make(certFile, keyFile); err != nil {
			return nil, nil, fmt.Errorf("make the certificate of this service: %w", err)
		}
	}
	if p.cert, err = readCertificate(certFile); err == nil {
		p.key, err = readKey(keyFile)
	}
	if err != nil {
		p.cert = nil
		return nil, nil, fmt.Errorf("certificate of this service: %w", err)
	}
	return p.cert, p.key, nil
}

// make writes a self-signed certificate and its key.
func (p *PKI) make(certFile, keyFile string) error {
	uri, err := url.Parse(p.uri)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Sluice device-opcua", Organization: []string{"Sluice"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(validFor),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment |
			x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		URIs:        []*url.URL{uri}, DNSNames: []string{host}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(certFile), 0o700); err != nil {
		return err
	}
	// The key first: a certificate without one would not be made again.
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func readCertificate(file string) (der []byte, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	if _, err := x509.ParseCertificate(b); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return b, nil
}

func readKey(file string) (*rsa.PrivateKey, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// parseKey reads an RSA key in PEM, of either form.
func parseKey(b []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no key in PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key is a %T; OPC UA wants RSA", any)
	}
	return key, nil
}

// thumbprint is how OPC UA names a certificate.
func thumbprint(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// UntrustedError refuses a server's certificate.
type UntrustedError struct {
	Thumbprint string
	Subject    string
	File       string // where it was put, to be looked at and trusted
	Err        error
}

func (e *UntrustedError) Error() string {
	s := fmt.Sprintf("the server's certificate %s (%s) is not trusted: %v", e.Thumbprint, e.Subject, e.Err)
	if e.File == "" {
		return s
	}
	return s + "; if it is the right one: sluice opcua trust " + e.Thumbprint + ", or move " + e.File + " to the folder trusted beside it"
}

// Unwrap is the reason.
func (e *UntrustedError) Unwrap() error { return e.Err }

var errUnlisted = errors.New("neither it nor an authority that vouches for it is in the folder trusted")

// check tells whether a server's certificate is trusted. One that is not is put
// into the folder rejected.
func (p *PKI) check(der []byte) error {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("the server's certificate cannot be read: %w", err)
	}
	if err = p.trusts(cert); err == nil {
		return nil
	}
	refusal := &UntrustedError{Thumbprint: thumbprint(der), Subject: cert.Subject.String(), Err: err}
	refusal.File = p.reject(der)
	return refusal
}

func (p *PKI) trusts(cert *x509.Certificate) error {
	now := time.Now()
	switch {
	case now.Before(cert.NotBefore):
		return fmt.Errorf("it is valid from %s on", cert.NotBefore.Format(time.DateOnly))
	case now.After(cert.NotAfter):
		return fmt.Errorf("it was valid until %s", cert.NotAfter.Format(time.DateOnly))
	}
	for _, trusted := range p.trusted() {
		if trusted.Equal(cert) {
			return nil
		}
		if trusted.IsCA && cert.CheckSignatureFrom(trusted) == nil && now.Before(trusted.NotAfter) {
			return nil
		}
	}
	return errUnlisted
}

// trusted are the certificates in the folder. A file that is none is passed
// over: it must not keep the others from being found.
func (p *PKI) trusted() []*x509.Certificate {
	dir := filepath.Join(p.dir, stateTrusted)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []*x509.Certificate
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		der, err := readCertificate(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if cert, err := x509.ParseCertificate(der); err == nil {
			out = append(out, cert)
		}
	}
	return out
}
