package opcua

import (
	"context"
	"fmt"
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

// plant is a namespace of a server behind a relay that clients connect to.
type plant struct {
	*relay
	values  answerOf
	backend *backend
	space   *server.NodeNameSpace
}

// newPlant serves variables at a server with a MaxNodesPerRead; 0 is none.
// It runs until the test ends.
func newPlant(t *testing.T, limit uint32, values answerOf) *plant {
	t.Helper()
	b := backendWith(t, limit)
	p := &plant{relay: newRelay(t, b.addr), values: values, backend: b}
	p.space = server.NewNodeNameSpace(b.server, fmt.Sprintf("urn:test:plant:%d", b.plants.Add(1)))
	p.Start()
	return p
}

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
	p.relay.Start()
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
