package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// MariaDB starts a MariaDB that takes TLS and plain connections.
func MariaDB(t testing.TB) *Database {
	t.Helper()
	need(t, "mariadbd")
	dir, err := os.MkdirTemp("", "mariadb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := func(name string) string { return filepath.Join(dir, name) }
	ca := newAuthority(t, file("ca.pem"))
	ca.issue(t, file("server.pem"), file("server.key"))
	user := "--user=root"
	if out, err := exec.Command("mariadb-install-db", "--no-defaults", user, "--datadir="+file("data"), "--auth-root-authentication-method=normal", "--skip-test-db").CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	init := fmt.Sprintf("CREATE DATABASE IF NOT EXISTS plant;\nCREATE USER IF NOT EXISTS 'sluice'@'127.0.0.1' IDENTIFIED BY '%s';\nGRANT ALL ON plant.* TO 'sluice'@'127.0.0.1';\n", DatabasePassword)
	if err := os.WriteFile(file("init.sql"), []byte(init), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &Database{Process: &Process{Port: FreePort(t), name: "mariadbd"}, CA: file("ca.pem")}
	d.args = []string{"--no-defaults", user, "--datadir=" + file("data"), "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(d.Port),
		"--socket=" + file("socket"), "--pid-file=" + file("pid"), "--init-file=" + file("init.sql"), "--skip-name-resolve", "--skip-log-bin",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--character-set-server=utf8mb4",
		"--ssl-cert=" + file("server.pem"), "--ssl-key=" + file("server.key"), "--ssl-ca=" + file("ca.pem")}
	d.expire = func(t testing.TB) { ca.expired().issue(t, file("server.pem"), file("server.key")) }
	d.ready = func(ctx context.Context) error {
		c := exec.CommandContext(ctx, "mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", strconv.Itoa(d.Port), "-u", "sluice", "-e", "SELECT 1", "plant")
		c.Env = append(os.Environ(), "MYSQL_PWD="+DatabasePassword)
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	start(t, d)
	return d
}
