// Package natsserver runs a NATS server with JetStream inside a test. It is a
// package of its own so that only the tests that need one link it.
package natsserver

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"sluice/tests/servers"
)

// Server is a NATS server that a test can kill and start again on the same
// port, with what JetStream has stored.
type Server struct {
	Port    int
	options server.Options
	server  *server.Server
}

// Start runs a server with JetStream, ended with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{Port: servers.FreePort(t)}
	s.options = server.Options{Host: "127.0.0.1", Port: s.Port, JetStream: true, StoreDir: t.TempDir(),
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 64 << 20, NoLog: true, NoSigs: true, NoSystemAccount: true}
	s.Start(t)
	return s
}

// Denied is a topic that no user of a Protected server may publish below.
const Denied = "denied"

// Protected is Start with a user and a password.
func Protected(t testing.TB, user, password string) *Server {
	t.Helper()
	s := Start(t)
	s.Kill()
	s.options.Users = []*server.User{{Username: user, Password: password,
		Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{Denied + ".>"}}}}}
	s.Start(t)
	return s
}

// Start starts the server again and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	options := s.options // the server writes into them
	run, err := server.NewServer(&options)
	if err != nil {
		t.Fatal("nats:", err)
	}
	run.Start()
	if !run.ReadyForConnections(time.Minute) {
		t.Fatalf("nats does not answer on %s", s.Addr())
	}
	s.server = run
	t.Cleanup(func() { shut(run) })
}

// Kill ends the server and all its connections.
func (s *Server) Kill() { shut(s.server) }

func shut(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// Addr is host:port of the server.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }
