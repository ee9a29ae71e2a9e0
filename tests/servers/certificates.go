package servers

import (
	"path/filepath"
	"testing"
)

// Certificates are files, PEM: those of a server and of a client on loopback,
// and that of who signed both.
type Certificates struct {
	CA, ServerCert, ServerKey, ClientCert, ClientKey string
}

// NewCertificates makes certificates for servers that a test runs itself.
func NewCertificates(t testing.TB) Certificates {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	c := Certificates{CA: file("ca.pem"), ServerCert: file("server.pem"), ServerKey: file("server.key"),
		ClientCert: file("client.pem"), ClientKey: file("client.key")}
	ca := newAuthority(t, c.CA)
	ca.issue(t, c.ServerCert, c.ServerKey)
	ca.issue(t, c.ClientCert, c.ClientKey)
	return c
}
