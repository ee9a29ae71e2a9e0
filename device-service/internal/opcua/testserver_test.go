package opcua

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/server"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// answerOf is a node's answer: a value, or a *ua.DataValue as it is.
type answerOf map[string]any

// backend is an OPC UA server that plants share: it takes long to make.
type backend struct {
	server *server.Server
	addr   string
	plants atomic.Int64
}

// backends are the servers by their MaxNodesPerRead; they run until the
// process ends.
var backends = struct {
	sync.Mutex
	byLimit map[uint32]*backend
}{byLimit: map[uint32]*backend{}}

func backendWith(t *testing.T, limit uint32) *backend {
	t.Helper()
	backends.Lock()
	defer backends.Unlock()
	if b, ok := backends.byLimit[limit]; ok {
		return b
	}
	b := &backend{addr: freeAddress(t)}
	host, text, _ := net.SplitHostPort(b.addr)
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	b.server = server.New(
		server.EndPoint(host, port),
		server.EnableSecurity("None", ua.MessageSecurityModeNone),
		server.EnableAuthMode(ua.UserTokenTypeAnonymous),
	)
	base, err := b.server.Namespace(0)
	if err != nil {
		t.Fatal(err)
	}
	base.AddNode(server.NewNode(ua.NewNumericNodeID(0, id.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead), nil, nil,
		func() *ua.DataValue { return server.DataValueFromValue(limit) }))
	if err := b.server.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	backends.byLimit[limit] = b
	return b
}

// plant is a namespace of a server behind a proxy that clients connect to.
// The proxy counts requests, cuts connections and holds answers back.
type plant struct {
	t       *testing.T
	addr    string // of the proxy
	values  answerOf
	backend *backend
	space   *server.NodeNameSpace

	listener net.Listener
	relays   sync.WaitGroup
	requests atomic.Int64
	accepted atomic.Int64 // connections

	mu     sync.Mutex
	conns  map[net.Conn]bool
	silent chan struct{} // open while answers are held back, else nil
}

// newPlant serves variables at a server with a MaxNodesPerRead; 0 is none.
// It runs until the test ends.
func newPlant(t *testing.T, limit uint32, values answerOf) *plant {
	t.Helper()
	b := backendWith(t, limit)
	p := &plant{t: t, addr: freeAddress(t), values: values, backend: b, conns: map[net.Conn]bool{}}
	p.space = server.NewNodeNameSpace(b.server, fmt.Sprintf("urn:test:plant:%d", b.plants.Add(1)))
	p.Start()
	t.Cleanup(func() { p.Silence(false); p.Stop() })
	return p
}

func (p *plant) endpoint() string { return "opc.tcp://" + p.addr }

// resource is one of the plant's variables.
func (p *plant) resource(name string, t driver.Type) driver.Resource {
	return driver.Resource{
		Name:       name,
		Type:       t,
		Attributes: map[string]any{nodeIDAttribute: fmt.Sprintf("ns=%d;s=%s", p.space.ID(), name)},
		Readable:   true,
		Writable:   true,
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))
}

// Start brings the plant up, with the values that it began with.
func (p *plant) Start() {
	p.t.Helper()
	for name, value := range p.values {
		p.space.AddNewVariableStringNode(name, value)
	}
	readOnly := byte(ua.AccessLevelTypeCurrentRead)
	p.space.AddNode(server.NewNode(ua.NewStringNodeID(p.space.ID(), "ReadOnly"), server.Attributes{
		ua.AttributeIDAccessLevel:     server.DataValueFromValue(readOnly),
		ua.AttributeIDUserAccessLevel: server.DataValueFromValue(readOnly),
	}, nil, func() *ua.DataValue { return server.DataValueFromValue(int32(7)) }))
	var err error
	if p.listener, err = net.Listen("tcp", p.addr); err != nil {
		p.t.Fatal(err)
	}
	listener := p.listener
	p.relays.Go(func() { p.accept(listener) })
}

// Stop refuses connections and ends those that there are.
func (p *plant) Stop() {
	if p.listener == nil {
		return
	}
	_ = p.listener.Close()
	p.listener = nil
	p.mu.Lock()
	for conn := range p.conns {
		_ = conn.Close()
	}
	silent := p.silent
	p.mu.Unlock()
	if silent == nil {
		p.relays.Wait()
	}
}

// Silence holds answers back while on.
func (p *plant) Silence(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && p.silent == nil:
		p.silent = make(chan struct{})
	case !on && p.silent != nil:
		close(p.silent)
		p.silent = nil
	}
}

func (p *plant) waitWhileSilent() {
	p.mu.Lock()
	silent := p.silent
	p.mu.Unlock()
	if silent != nil {
		<-silent
	}
}

func (p *plant) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		p.accepted.Add(1)
		upstream, err := net.Dial("tcp", p.backend.addr)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[upstream] = true, true
		p.mu.Unlock()
		p.relays.Go(func() { p.forward(client, upstream) })
		p.relays.Go(func() { p.back(upstream, client) })
	}
}

func (p *plant) live() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

func (p *plant) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
		delete(p.conns, conn)
	}
}

// forward passes requests on, chunk by chunk, and counts them.
func (p *plant) forward(client, upstream net.Conn) {
	defer p.drop(client, upstream)
	for {
		chunk, err := readChunk(client)
		if err != nil {
			return
		}
		if string(chunk[:3]) == "MSG" {
			p.requests.Add(1)
		}
		if _, err := upstream.Write(chunk); err != nil {
			return
		}
	}
}

func (p *plant) back(upstream, client net.Conn) {
	defer p.drop(client, upstream)
	for {
		chunk, err := readChunk(upstream)
		if err != nil {
			return
		}
		p.waitWhileSilent()
		if _, err := client.Write(chunk); err != nil {
			return
		}
	}
}

func readChunk(r io.Reader) ([]byte, error) {
	header := make([]byte, 8)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header[4:])
	if size < 8 || size > 16<<20 {
		return nil, fmt.Errorf("chunk of %d bytes", size)
	}
	chunk := append(header, make([]byte, size-8)...)
	_, err := io.ReadFull(r, chunk[8:])
	return chunk, err
}

// patience is far above what anything takes on a slow machine.
const patience = time.Minute

// await polls a condition.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}
