// Package dmi is a double of KubeEdge's edgecore for tests: what mappers
// see of release 1.22 over the device mapper interface, with its limits and
// its faults. It takes the objects that kubectl would apply.
package dmi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"
)

// The calls that edgecore takes of all mappers together: a bucket of Burst,
// and then Rate each second.
const (
	Burst = 100
	Rate  = rate.Limit(1)
)

// Core is one edgecore. What it remembers outlives a restart: mappers, objects
// and twins.
type Core struct {
	// EmptyIsError answers a mapper that has no devices with an error.
	EmptyIsError bool
	socket       string
	rate         rate.Limit
	burst        int

	mu      sync.Mutex
	server  *grpc.Server
	served  chan struct{}
	limiter *rate.Limiter
	mappers map[string]*pb.MapperInfo // by protocol
	models  map[string]*model
	devices map[string]*device
	twins   map[string]map[string]Twin
	states  map[string]string
	counts  Counts
	apply   sync.Mutex // edgecore makes one call of a mapper after the other
}

// Twin is a twin as edgecore stores it after a report.
type Twin struct {
	Reported, Expected string
	// Type is always string: a report has none.
	Type string
}

// Counts count what mappers did.
type Counts struct {
	Registrations int
	// Reports are calls of ReportDeviceStatus and ReportDeviceStates that were
	// taken, and Refused calls of any kind that were too many.
	Reports, Refused int
	// Violations are values that twins cannot have, and states that nobody knows.
	Violations int
	// Crashes are reports that edgecore itself would not outlive: with a twin
	// that has not both of its values.
	Crashes int
}

// New is an edgecore that will listen on a socket, with edgecore's own limits.
func New(socket string) *Core { return NewPaced(socket, Rate, Burst) }

// NewPaced is an edgecore that takes burst calls, and then so many each second.
func NewPaced(socket string, each rate.Limit, burst int) *Core {
	return &Core{
		socket: socket, rate: each, burst: burst,
		mappers: map[string]*pb.MapperInfo{}, models: map[string]*model{}, devices: map[string]*device{},
		twins: map[string]map[string]Twin{}, states: map[string]string{},
	}
}

// Socket is the path of edgecore's socket.
func (c *Core) Socket() string { return c.socket }

// Start listens. What an edgecore before it left of the socket is removed.
func (c *Core) Start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server != nil {
		return errors.New("edgecore runs already")
	}
	if err := os.Remove(c.socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: c.socket, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false) // who is killed leaves its socket
	server, served := grpc.NewServer(grpc.WaitForHandlers(true)), make(chan struct{})
	pb.RegisterDeviceManagerServiceServer(server, &service{core: c})
	c.server, c.served, c.limiter = server, served, rate.NewLimiter(c.rate, c.burst)
	go func() {
		defer close(served)
		_ = server.Serve(l) // ends with Kill
	}()
	return nil
}

// Kill ends edgecore as a kill would: connections are cut and the socket is
// left.
func (c *Core) Kill() {
	c.mu.Lock()
	server, served := c.server, c.served
	c.server = nil
	c.mu.Unlock()
	if server != nil {
		server.Stop()
		<-served
	}
}

// Restart kills edgecore and starts it again.
func (c *Core) Restart() error {
	c.Kill()
	return c.Start()
}

// Counts are the counts so far.
func (c *Core) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Mapper is what the mapper of a protocol registered with, nil if none did.
func (c *Core) Mapper(protocol string) *pb.MapperInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mappers[protocol]
}

// Twin is a twin of a device, which has the id namespace/name.
func (c *Core) Twin(id, property string) (Twin, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.twins[id][property]
	return t, ok
}

// State is the state that was reported of a device, empty if none was.
func (c *Core) State(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.states[id]
}

// Drain empties the bucket, as other mappers would.
func (c *Core) Drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limiter.AllowN(time.Now(), int(c.limiter.Tokens()))
}

// list are the devices of a protocol with their models. What cannot be
// converted is left out without a word.
func (c *Core) list(protocol string) *pb.MapperRegisterResponse {
	out := &pb.MapperRegisterResponse{}
	for _, id := range slices.Sorted(maps.Keys(c.devices)) {
		d := c.devices[id]
		m := c.models[d.modelID()]
		if d.protocol() != protocol || m == nil {
			continue
		}
		sent, err := d.message()
		if err != nil {
			continue
		}
		out.DeviceList = append(out.DeviceList, sent)
		out.ModelList = append(out.ModelList, m.message())
	}
	return out
}

// service answers mappers.
type service struct {
	pb.UnimplementedDeviceManagerServiceServer
	core *Core
}

// allow takes a call out of the bucket; the core is locked.
func (c *Core) allow(what, name string) error {
	if c.limiter.Allow() {
		return nil
	}
	c.counts.Refused++
	return fmt.Errorf("fail to %s because of too many request: %s", what, name)
}

func (s *service) MapperRegister(_ context.Context, in *pb.MapperRegisterRequest) (*pb.MapperRegisterResponse, error) {
	c := s.core
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.allow("register mapper", in.GetMapper().GetName()); err != nil {
		return nil, err
	}
	if in.GetMapper().GetProtocol() == "" {
		return nil, fmt.Errorf("fail to register mapper %s because the protocol is nil", in.GetMapper().GetName())
	}
	c.counts.Registrations++
	c.mappers[in.GetMapper().GetProtocol()] = in.GetMapper()
	if !in.GetWithData() {
		return &pb.MapperRegisterResponse{}, nil
	}
	out := c.list(in.GetMapper().GetProtocol())
	if len(out.GetDeviceList()) == 0 && c.EmptyIsError {
		return nil, fmt.Errorf("fail to get device list of protocol %s", in.GetMapper().GetProtocol())
	}
	return out, nil
}
