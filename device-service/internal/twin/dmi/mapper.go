package dmi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"
)

// DefaultEdgeCore is where edgecore listens for mappers.
const DefaultEdgeCore = "/etc/kubeedge/dmi.sock"

// Config says which mapper this is.
type Config struct {
	// Name is that of the mapper, such as device-modbus, and Version its.
	Name, Version string
	// Protocol is the protocolName of its devices, such as modbus.
	Protocol string
	// Socket is the path of its own socket, such as
	// /etc/kubeedge/device-modbus.sock.
	Socket string
	// Address is the path that edgecore finds this socket at; empty: Socket. It
	// is another one when a container has the folder elsewhere.
	Address string
	// EdgeCore is the path of edgecore's socket; empty: DefaultEdgeCore.
	EdgeCore string
}

func (c *Config) check() error {
	for name, v := range map[string]string{"name": c.Name, "protocol": c.Protocol, "socket": c.Socket} {
		if v == "" {
			return fmt.Errorf("mapper of KubeEdge: %s is missing", name)
		}
	}
	c.EdgeCore, c.Address = cmp.Or(c.EdgeCore, DefaultEdgeCore), cmp.Or(c.Address, c.Socket)
	return errors.Join(checkPath("the mapper's socket", c.Socket), checkPath("the mapper's address", c.Address),
		checkPath("edgecore's socket", c.EdgeCore))
}

// pace are the times that the mapper keeps.
type pace struct {
	calls       rate.Limit    // of edgecore, each second
	burst       int           // at once
	timeout     time.Duration // of a call
	firstPause  time.Duration // after a call that failed
	lastPause   time.Duration
	dial        time.Duration // between attempts to reach edgecore, at most
	refresh     time.Duration // between registrations without a reason
	askForModel time.Duration // until a device that waits for its model is asked for again
}

// usual is the pace beside edgecore: a little less than the 100 calls and the
// one more each second that it takes of all its mappers together.
var usual = pace{
	calls: 0.9, burst: 90, timeout: 10 * time.Second, firstPause: time.Second, lastPause: 30 * time.Second,
	dial: 5 * time.Second, refresh: 10 * time.Minute, askForModel: 5 * time.Second,
}

// Mapper is a mapper of KubeEdge. Its methods may be called at any time; what
// is reported while edgecore is away goes out when it is back.
type Mapper struct {
	config   Config
	log      *slog.Logger
	pace     pace
	limiter  *rate.Limiter
	registry *registry
	outbox   *outbox
	link     link
	dials    atomic.Uint64
}

// New makes a mapper. It does nothing before Run.
func New(config Config, handler Handler, log *slog.Logger) (*Mapper, error) {
	return newMapper(config, handler, log, usual)
}

func newMapper(config Config, handler Handler, log *slog.Logger, p pace) (*Mapper, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	m := &Mapper{config: config, log: log, pace: p, limiter: rate.NewLimiter(p.calls, p.burst), outbox: newOutbox()}
	m.registry = newRegistry(handler, config.Protocol, log, m.outbox.forget)
	m.link.opened = make(chan struct{})
	return m, nil
}

// Run serves edgecore until ctx ends. An error is that of the mapper's own
// socket; that edgecore is not there is none.
func (m *Mapper) Run(ctx context.Context) error {
	listener, err := listen(m.config.Socket)
	if err != nil {
		return err
	}
	conn, err := m.connect()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	calls := grpc.NewServer(grpc.UnaryInterceptor(contained(m.log)), grpc.WaitForHandlers(true))
	pb.RegisterDeviceMapperServiceServer(calls, &server{registry: m.registry, outbox: m.outbox})
	edgecore := pb.NewDeviceManagerServiceClient(conn)
	var parts sync.WaitGroup
	parts.Go(func() { m.registry.run(ctx) })
	parts.Go(func() { m.keepRegistered(ctx, conn, edgecore) })
	parts.Go(func() { m.sendReports(ctx, edgecore) })
	parts.Go(func() {
		<-ctx.Done()
		calls.Stop()
	})
	if err := calls.Serve(listener); err != nil && ctx.Err() == nil {
		err = fmt.Errorf("serve the mapper's socket: %w", err)
		cancel()
		parts.Wait()
		return errors.Join(err, conn.Close())
	}
	parts.Wait()
	return conn.Close()
}

// Report takes values of a device, to be sent when edgecore's rate allows. The
// error names those that twins cannot have; the others are taken.
func (m *Mapper) Report(id ID, twins ...Twin) error {
	return m.outbox.report(id, twins, time.Now())
}

// State takes the state of a device: online, offline, ok, unknown or
// unhealthy.
func (m *Mapper) State(id ID, state string) error { return m.outbox.setState(id, state) }
