package servers

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// expired issues certificates that have expired.
func (a *authority) expired() *authority {
	cert := *a.cert
	cert.NotAfter = time.Now().Add(-time.Minute)
	return &authority{cert: &cert, key: a.key, next: a.next + 100}
}

// Expired listens with TLS and a certificate that has expired, and takes
// nothing else; trust is the file with who signed it.
func Expired(t testing.TB) (address, trust string) {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	newAuthority(t, file("ca.pem")).expired().issue(t, file("server.pem"), file("server.key"))
	pair, err := tls.LoadX509KeyPair(file("server.pem"), file("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	if leaf, err := x509.ParseCertificate(pair.Certificate[0]); err != nil || leaf.NotAfter.After(time.Now()) {
		t.Fatalf("the certificate has not expired: %v", err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String(), file("ca.pem")
}

// serve makes the handshake, which the other side is to break off.
func serve(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	var b [1]byte
	_, _ = c.Read(b[:])
}
