package servers

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// InfluxAdmin is the user of InfluxDBSecured, with its password.
const (
	InfluxAdmin         = "admin"
	InfluxAdminPassword = "influx-secret"
)

// InfluxDB starts an InfluxDB 1.x without data that takes everybody.
func InfluxDB(t testing.TB) *Process {
	t.Helper()
	return influx(t, "")
}

// InfluxDBSecured starts one that takes only InfluxAdmin, and speaks TLS with a
// certificate for loopback; trust is the file with who signed it.
func InfluxDBSecured(t testing.TB) (p *Process, trust string) {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	newAuthority(t, file("ca.pem")).issue(t, file("server.pem"), file("server.key"))
	return influx(t, fmt.Sprintf("auth-enabled = true\nhttps-enabled = true\nhttps-certificate = %q\nhttps-private-key = %q\n",
		file("server.pem"), file("server.key"))), file("ca.pem")
}

func influx(t testing.TB, http string) *Process {
	t.Helper()
	need(t, "influxd")
	dir, port := t.TempDir(), FreePort(t)
	conf := filepath.Join(dir, "influxdb.conf")
	text := fmt.Sprintf("reporting-disabled = true\nbind-address = %q\n[meta]\ndir = %q\n[data]\ndir = %q\nwal-dir = %q\nquery-log-enabled = false\n"+
		"[monitor]\nstore-enabled = false\n[http]\nbind-address = %q\nlog-enabled = false\n%s",
		addr(FreePort(t)), filepath.Join(dir, "meta"), filepath.Join(dir, "data"), filepath.Join(dir, "wal"), addr(port), http)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &Process{Port: port, name: "influxd", args: []string{"-config", conf}, ready: dial(port)}
	if http == "" {
		p.ready = func(ctx context.Context) error { return pinged(ctx, "http://"+addr(port)+"/ping") }
	}
	p.Start(t)
	return p
}

func pinged(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
