package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// DatabasePassword is that of the user sluice of the databases.
const DatabasePassword = "database-secret"

// Database is a server of SQL with an empty database plant, which belongs to
// the user sluice.
type Database struct {
	*Process
	CA string // file, PEM, with who signed its certificate

	expire func(testing.TB)
}

// Expire starts the server anew with a certificate that has expired.
func (d *Database) Expire(t testing.TB) {
	t.Helper()
	d.Kill()
	d.expire(t)
	d.Start(t)
}

// URL is that of the database plant, as sluice.
func (d *Database) URL(scheme string) string {
	return fmt.Sprintf("%s://sluice:%s@%s/plant", scheme, DatabasePassword, d.Addr())
}

// Kill ends the server at once, and its children with it.
func (d *Database) Kill() {
	if d.cmd == nil || d.cmd.ProcessState != nil {
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGQUIT)
	_ = d.cmd.Wait()
}

// Postgres starts a PostgreSQL that takes TLS and plain connections.
func Postgres(t testing.TB) *Database {
	t.Helper()
	initdb := postgresProgram(t, "initdb")
	dir, err := os.MkdirTemp("", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := func(name string) string { return filepath.Join(dir, name) }
	ca := newAuthority(t, file("ca.pem"))
	ca.issue(t, file("server.pem"), file("server.key"))
	if err := os.WriteFile(file("password"), []byte(DatabasePassword), 0o600); err != nil {
		t.Fatal(err)
	}
	as := asUser(t, "postgres", dir)
	if out, err := as(initdb, "-D", file("data"), "-U", "sluice", "-A", "scram-sha-256", "--pwfile", file("password"), "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	d := &Database{Process: &Process{Port: FreePort(t)}, CA: file("ca.pem")}
	cmd := as(postgresProgram(t, "postgres"), "-D", file("data"), "-p", strconv.Itoa(d.Port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "ssl=on",
		"-c", "ssl_cert_file="+file("server.pem"), "-c", "ssl_key_file="+file("server.key"))
	d.name, d.args = cmd.Args[0], cmd.Args[1:]
	d.expire = func(t testing.TB) {
		ca.expired().issue(t, file("server.pem"), file("server.key"))
		asUser(t, "postgres", dir)
	}
	psql := func(ctx context.Context, base, sql string) error {
		c := exec.CommandContext(ctx, "psql", "-h", "127.0.0.1", "-p", strconv.Itoa(d.Port), "-U", "sluice", "-d", base, "-tAc", sql)
		c.Env = append(os.Environ(), "PGPASSWORD="+DatabasePassword)
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	d.ready = func(ctx context.Context) error { return psql(ctx, "postgres", "SELECT 1") }
	start(t, d)
	if err := psql(t.Context(), "postgres", "CREATE DATABASE plant"); err != nil {
		t.Fatal(err)
	}
	return d
}

// start starts a database, and ends it as it wants to be ended.
func start(t testing.TB, d *Database) {
	t.Helper()
	d.Start(t)
	t.Cleanup(d.Kill)
}

// postgresProgram is where a program of PostgreSQL is: Debian has it in a
// folder of its version.
func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		Missing(t, "postgresql")
	}
	return found[len(found)-1]
}

// asUser makes commands of a user, to whom a folder is given: PostgreSQL does
// not run as root.
func asUser(t testing.TB, name, dir string) func(program string, args ...string) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		return exec.Command
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chown", "-R", name, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return func(program string, args ...string) *exec.Cmd {
		c := exec.Command("setpriv", append([]string{"--reuid", u.Uid, "--regid", u.Gid, "--clear-groups", program}, args...)...)
		c.Dir = dir
		return c
	}
}
