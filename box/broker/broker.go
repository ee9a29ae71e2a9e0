// Package broker runs an MQTT broker inside the process: the plant's message
// bus when no other broker is installed, and the far end that stands for a
// cloud. It is nats-server with its MQTT listener and without any other.
package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// The limits keep a broker of one box small: what subscribers never fetch must
// not fill memory or disk.
const (
	maxMemory      = 64 << 20
	maxStore       = 512 << 20
	maxPayload     = 1 << 20
	maxConnections = 1024
	maxAckPending  = 1024
)

// On a small machine that is busy the broker is slow.
const (
	readyWithin = 30 * time.Second // for a start: restoring a full store takes long
	storeWithin = 30 * time.Second // for what a client asks of the store; then its connection is closed
)

// Options say where a broker listens and keeps what it must not lose.
type Options struct {
	Name string // in logs, and the broker's own name
	Host string // 127.0.0.1 unless set
	Port int    // 0: any free port
	// Dir holds retained messages and the sessions of clients that are away.
	Dir string
	Log *slog.Logger // nil: silent
}

// Broker is a running broker.
type Broker struct {
	server *server.Server
	addr   string
}

// Start runs a broker and returns once it accepts clients.
func Start(o Options) (*Broker, error) {
	if o.Dir == "" {
		return nil, errors.New("start broker: no folder for its messages")
	}
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	opts := serverOptions(o)
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("start broker %s: %w", o.Name, err)
	}
	log := newLogger(o.Log, o.Name)
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	// Start has tried to listen; a fatal error is final, so do not wait then.
	if log.fatal() != nil || !s.ReadyForConnections(readyWithin) {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("start broker %s on %s port %d: %w", o.Name, o.Host, o.Port, log.reason())
	}
	// Port 0 has become the port in use.
	return &Broker{server: s, addr: net.JoinHostPort(o.Host, strconv.Itoa(opts.MQTT.Port))}, nil
}

// Addr is where clients connect, as host:port.
func (b *Broker) Addr() string { return b.addr }

// Port is the port of Addr.
func (b *Broker) Port() int {
	_, port, _ := net.SplitHostPort(b.addr)
	n, _ := strconv.Atoi(port)
	return n
}

// Close disconnects all clients and returns when everything is on disk.
func (b *Broker) Close() {
	b.server.Shutdown()
	b.server.WaitForShutdown()
}

func serverOptions(o Options) *server.Options {
	port := o.Port
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return &server.Options{
		ServerName: o.Name,
		// Plant clients speak MQTT; NATS's own port stays shut.
		DontListen:         true,
		NoSigs:             true,
		NoSystemAccount:    true,
		MaxPayload:         maxPayload,
		MaxConn:            maxConnections,
		JetStream:          true,
		JetStreamMaxMemory: maxMemory,
		JetStreamMaxStore:  maxStore,
		StoreDir:           o.Dir,
		MQTT:               server.MQTTOpts{Host: o.Host, Port: port, MaxAckPending: maxAckPending, JSAPITimeout: storeWithin},
	}
}
