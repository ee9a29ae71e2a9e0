package servers

import (
	"path/filepath"
	"strconv"
	"testing"
)

// RedisTLS starts a Redis that wants a password, and speaks TLS alone; trust is
// the file with who signed its certificate.
func RedisTLS(t testing.TB, password string) (p *Process, trust string) {
	t.Helper()
	need(t, "redis-server")
	dir, port := t.TempDir(), FreePort(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	newAuthority(t, file("ca.pem")).issue(t, file("server.pem"), file("server.key"))
	p = &Process{Port: port, name: "redis-server", ready: dial(port), args: []string{"--bind", "127.0.0.1", "--port", "0",
		"--tls-port", strconv.Itoa(port), "--tls-cert-file", file("server.pem"), "--tls-key-file", file("server.key"),
		"--tls-ca-cert-file", file("ca.pem"), "--tls-auth-clients", "no", "--requirepass", password, "--save", "", "--dir", dir}}
	p.Start(t)
	return p, file("ca.pem")
}
