package boilerhouse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"testing"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
	"github.com/simonvetter/modbus"

	"sluice/tests/servers"
)

// serve runs a server over a new model and waits until it accepts.
func serve(t *testing.T, run func(context.Context, string, *Model) error) (addr string, m *Model) {
	t.Helper()
	addr, m = freeAddress(t), NewModel()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx, addr, m) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("serve: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("the server did not end with its context")
		}
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Error("the server still listens")
		}
	})
	await(t, "the server to listen", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	return addr, m
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))
}

func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, run := range map[string]func(context.Context, string, *Model) error{"modbus": ServeModbus, "opcua": ServeOPCUA} {
		if err := run(t.Context(), l.Addr().String(), NewModel()); err == nil {
			t.Errorf("%s: no error on a taken port", name)
		}
		if err := run(t.Context(), "nowhere", NewModel()); err == nil {
			t.Errorf("%s: no error on an address without port", name)
		}
	}
}

func modbusClient(t *testing.T, addr string) *modbus.ModbusClient {
	t.Helper()
	c, err := modbus.NewClient(&modbus.ClientConfiguration{URL: "tcp://" + addr, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A client that is connected, or only half so, holds nobody up.
func TestEndWithClients(t *testing.T) {
	addr, m := freeAddress(t), NewModel()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- ServeOPCUA(ctx, addr, m) }()
	var mute net.Conn
	await(t, "the server to listen", func() (ok bool) {
		var err error
		mute, err = net.Dial("tcp", addr)
		return err == nil
	})
	defer mute.Close()
	c := opcuaClient(t, addr)
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the server did not end with its context")
	}
	await(t, "the client to notice", func() bool { return c.State() != opcua.Connected })
}

func TestModbusValues(t *testing.T) {
	addr, _ := serve(t, ServeModbus)
	c := modbusClient(t, addr)
	floats, err := c.ReadFloat32s(0, 2, modbus.HOLDING_REGISTER)
	if err != nil {
		t.Fatal(err)
	}
	if floats[0] < 72 || floats[0] > 88 || floats[1] < 11 || floats[1] > 13 {
		t.Errorf("temperature and flow: %v", floats)
	}
	words, err := c.ReadRegisters(4, 2, modbus.HOLDING_REGISTER)
	if err != nil || words[0] < 48 || words[0] > 72 || words[1] != 80 {
		t.Errorf("level and setpoint: %v, %v", words, err)
	}
	if _, err := c.ReadUint32(0, modbus.INPUT_REGISTER); err != nil {
		t.Errorf("run seconds: %v", err)
	}
	if flame, err := c.ReadDiscreteInput(0); err != nil || !flame {
		t.Errorf("flame: %v, %v", flame, err)
	}
}

func TestModbusWrites(t *testing.T) {
	addr, m := serve(t, ServeModbus)
	c := modbusClient(t, addr)
	for _, write := range []func() error{
		func() error { return c.WriteRegister(5, 75) },
		func() error { return c.WriteRegisters(5, []uint16{75}) },
		func() error { return c.WriteCoil(0, false) },
		func() error { return c.WriteCoils(0, []bool{false}) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	if r := m.Read(); r.Setpoint != 75 || r.Burner || r.Flame {
		t.Errorf("setpoint %d, burner %v, flame %v", r.Setpoint, r.Burner, r.Flame)
	}
	if on, err := c.ReadCoil(0); err != nil || on {
		t.Errorf("burner: %v, %v", on, err)
	}
}

func TestModbusRefusals(t *testing.T) {
	addr, _ := serve(t, ServeModbus)
	c := modbusClient(t, addr)
	_, pastEnd := c.ReadRegisters(5, 2, modbus.HOLDING_REGISTER)
	_, farOut := c.ReadRegisters(4000, 1, modbus.INPUT_REGISTER)
	_, coil := c.ReadCoil(1)
	_, input := c.ReadDiscreteInputs(0, 2)
	for name, err := range map[string]error{
		"past the end": pastEnd, "far out": farOut, "coil": coil, "discrete input": input,
		"measured register": c.WriteRegister(0, 1), "coil write": c.WriteCoil(1, true),
	} {
		if !errors.Is(err, modbus.ErrIllegalDataAddress) {
			t.Errorf("%s: %v, want an illegal data address", name, err)
		}
	}
	c.SetUnitId(2)
	if _, err := c.ReadRegister(0, modbus.HOLDING_REGISTER); !errors.Is(err, modbus.ErrGWTargetFailedToRespond) {
		t.Errorf("another unit: %v", err)
	}
}

func opcuaClient(t *testing.T, addr string) *opcua.Client {
	t.Helper()
	c, err := opcua.NewClient("opc.tcp://"+addr, opcua.SecurityMode(ua.MessageSecurityModeNone), opcua.AutoReconnect(false))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func readAttributes(t *testing.T, c *opcua.Client, attribute ua.AttributeID, names ...string) []*ua.DataValue {
	t.Helper()
	request := &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnBoth}
	for _, name := range names {
		request.NodesToRead = append(request.NodesToRead,
			&ua.ReadValueID{NodeID: ua.NewStringNodeID(1, name), AttributeID: attribute})
	}
	answer, err := c.Read(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Results
}

func TestOPCUAValues(t *testing.T) {
	addr, _ := serve(t, ServeOPCUA)
	c := opcuaClient(t, addr)
	names := []string{"Boiler.Pressure", "Boiler.Flow", "Boiler.Valve", "Boiler.Flame", "Boiler.Name", "Boiler.Nothing"}
	values := readAttributes(t, c, ua.AttributeIDValue, names...)
	if v, ok := values[0].Value.Value().(float64); !ok || v < 3 || v > 8 {
		t.Errorf("pressure: %v", values[0].Value.Value())
	}
	if v, ok := values[1].Value.Value().(float64); !ok || math.Abs(v-12) > 1 {
		t.Errorf("flow: %v", values[1].Value.Value())
	}
	for i, want := range map[int]any{2: int32(50), 3: true, 4: "Boiler 2"} {
		if got := values[i].Value.Value(); got != want {
			t.Errorf("%s: %v, want %v", names[i], got, want)
		}
		if since := time.Since(values[i].SourceTimestamp); since > time.Minute || since < 0 {
			t.Errorf("%s: source time stamp %v ago", names[i], since)
		}
	}
	if values[5].Status != ua.StatusBadNodeIDUnknown {
		t.Errorf("an unknown node: %v", values[5].Status)
	}
	types := readAttributes(t, c, ua.AttributeIDDataType, names[:5]...)
	for i, want := range []uint32{id.Double, id.Double, id.Int32, id.Boolean, id.String} {
		if got := types[i].Value.NodeID(); got.IntID() != want {
			t.Errorf("%s: data type %v, want i=%d", names[i], got, want)
		}
	}
}

func TestOPCUAEndpoint(t *testing.T) {
	addr, _ := serve(t, ServeOPCUA)
	endpoints, err := opcua.GetEndpoints(t.Context(), "opc.tcp://"+addr)
	if err != nil {
		t.Fatal(err)
	}
	if len(endpoints) != 1 || endpoints[0].EndpointURL != "opc.tcp://"+addr || endpoints[0].SecurityMode != ua.MessageSecurityModeNone {
		t.Errorf("endpoints: %+v", endpoints)
	}
}

func TestOPCUABrowse(t *testing.T) {
	addr, _ := serve(t, ServeOPCUA)
	c := opcuaClient(t, addr)
	folders, err := c.Node(ua.NewNumericNodeID(0, id.ObjectsFolder)).ReferencedNodes(t.Context(), id.Organizes, ua.BrowseDirectionForward, ua.NodeClassAll, true)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, folder := range folders {
		if folder.ID.Namespace() != 1 {
			continue
		}
		variables, err := folder.ReferencedNodes(t.Context(), id.HasComponent, ua.BrowseDirectionForward, ua.NodeClassVariable, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range variables {
			names = append(names, v.ID.StringID())
		}
	}
	if len(names) != 8 || names[0] != "Boiler.Pressure" {
		t.Errorf("browsed %q", names)
	}
}

func TestOPCUAWrites(t *testing.T) {
	addr, m := serve(t, ServeOPCUA)
	c := opcuaClient(t, addr)
	for _, tc := range []struct {
		node  string
		value any
		want  ua.StatusCode
	}{
		{"Boiler.Valve", int32(30), ua.StatusOK},
		{"Boiler.Valve", int64(30), ua.StatusBadTypeMismatch},
		{"Boiler.Valve", int32(300), ua.StatusBadOutOfRange},
		{"Boiler.Name", "North", ua.StatusOK},
		{"Boiler.Name", true, ua.StatusBadTypeMismatch},
		{"Boiler.Pressure", 1.0, ua.StatusBadNotWritable},
		{"Boiler.SteamTemperature", 1.0, ua.StatusBadNotWritable},
		{"Boiler.Stop", true, ua.StatusOK},
		{"Boiler.Stop", 1.0, ua.StatusBadTypeMismatch},
		{"Boiler.Threshold", 75.5, ua.StatusOK},
		{"Boiler.Threshold", 121.0, ua.StatusBadOutOfRange},
		{"Boiler.Threshold", math.NaN(), ua.StatusBadOutOfRange},
		{"Boiler.Threshold", int32(75), ua.StatusBadTypeMismatch},
		{"Boiler.Nothing", 1.0, ua.StatusBadNodeIDUnknown},
	} {
		answer, err := c.Write(t.Context(), &ua.WriteRequest{NodesToWrite: []*ua.WriteValue{{
			NodeID:      ua.NewStringNodeID(1, tc.node),
			AttributeID: ua.AttributeIDValue,
			Value:       &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant(tc.value)},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Results[0] != tc.want {
			t.Errorf("%s = %v: %v, want %v", tc.node, tc.value, answer.Results[0], tc.want)
		}
	}
	if r := m.Read(); r.Valve != 30 || r.Name != "North" || !r.Stop || r.Flame || r.Threshold != 75.5 {
		t.Errorf("%+v", r)
	}
}

func TestOPCUASubscription(t *testing.T) {
	addr, m := serve(t, ServeOPCUA)
	c := opcuaClient(t, addr)
	notices := make(chan *opcua.PublishNotificationData, 16)
	sub, err := c.Subscribe(t.Context(), &opcua.SubscriptionParameters{Interval: 50 * time.Millisecond}, notices)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Cancel(context.Background())
	node := ua.NewStringNodeID(1, "Boiler.Flame")
	if _, err := sub.Monitor(t.Context(), ua.TimestampsToReturnBoth,
		opcua.NewMonitoredItemCreateRequestWithDefaults(node, ua.AttributeIDValue, 7)); err != nil {
		t.Fatal(err)
	}
	want := true
	for deadline := time.After(30 * time.Second); ; {
		select {
		case <-deadline:
			t.Fatalf("no notification of flame %v", want)
		case notice := <-notices:
			change, ok := notice.Value.(*ua.DataChangeNotification)
			if !ok || change.MonitoredItems[0].Value.Value.Value() != want {
				continue
			}
			if !want {
				return
			}
			want = false
			m.SetBurner(false)
		}
	}
}
