package servers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// SecureMosquitto is an MQTT broker that speaks TLS alone. Its own port takes
// every client, MutualPort only those with the client's certificate.
type SecureMosquitto struct {
	*Process
	MutualPort int
	CA         string // files, PEM
	ClientCert string
	ClientKey  string
}

// MosquittoTLS starts an MQTT broker with certificates made for it.
func MosquittoTLS(t testing.TB) *SecureMosquitto {
	t.Helper()
	need(t, "mosquitto")
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	ca := newAuthority(t, file("ca.pem"))
	ca.issue(t, file("server.pem"), file("server.key"))
	ca.issue(t, file("client.pem"), file("client.key"))
	s := &SecureMosquitto{Process: &Process{Port: FreePort(t), name: "mosquitto"}, MutualPort: FreePort(t),
		CA: file("ca.pem"), ClientCert: file("client.pem"), ClientKey: file("client.key")}
	listener := func(port int, more string) string {
		return fmt.Sprintf("listener %d 127.0.0.1\ncafile %s\ncertfile %s\nkeyfile %s\nallow_anonymous true\n%s",
			port, file("ca.pem"), file("server.pem"), file("server.key"), more)
	}
	// Started by root Mosquitto becomes a user that may not read a test's folder.
	conf := "user root\nper_listener_settings true\n" + listener(s.Port, "") + listener(s.MutualPort, "require_certificate true\n")
	if err := os.WriteFile(file("mosquitto.conf"), []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	s.args = []string{"-c", file("mosquitto.conf")}
	s.ready = dial(s.MutualPort) // the last that it opens
	s.Start(t)
	return s
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	next int64
}

func newAuthority(t testing.TB, file string) *authority {
	t.Helper()
	a := &authority{key: newKey(t), next: 2}
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	a.sign(t, a.cert, &a.key.PublicKey, file)
	return a
}

// issue makes a certificate for loopback, and its key.
func (a *authority) issue(t testing.TB, certFile, keyFile string) {
	t.Helper()
	key := newKey(t)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, keyFile, "EC PRIVATE KEY", der)
	cert := &x509.Certificate{SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: "loopback"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		NotBefore:   a.cert.NotBefore, NotAfter: a.cert.NotAfter}
	a.next++
	a.sign(t, cert, &key.PublicKey, certFile)
}

func (a *authority) sign(t testing.TB, cert *x509.Certificate, public *ecdsa.PublicKey, file string) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, file, "CERTIFICATE", der)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t testing.TB, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
