package bench

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// counted is a Modbus memory that takes 5 ms for a request, and counts them.
type counted struct{ requests atomic.Int64 }

func (c *counted) take() {
	c.requests.Add(1)
	time.Sleep(5 * time.Millisecond)
}

func (c *counted) HandleCoils(r *modbus.CoilsRequest) ([]bool, error) {
	c.take()
	return make([]bool, r.Quantity), nil
}
func (c *counted) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}
func (c *counted) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}
func (c *counted) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	c.take()
	return make([]uint16, r.Quantity), nil
}

// serveRTU is a gateway with slaves that answer reads of registers in frames of
// RTU.
func (c *counted) serveRTU(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			frame := make([]byte, 8)
			for {
				if _, err := io.ReadFull(conn, frame); err != nil {
					return
				}
				c.take()
				size := 2 * binary.BigEndian.Uint16(frame[4:])
				answer := append([]byte{frame[0], frame[1], byte(size)}, make([]byte, size)...)
				if _, err := conn.Write(binary.LittleEndian.AppendUint16(answer, crc(answer))); err != nil {
					return
				}
			}
		}()
	}
}

// crc is that of RTU.
func crc(frame []byte) uint16 {
	sum := uint16(0xffff)
	for _, b := range frame {
		sum ^= uint16(b)
		for range 8 {
			if sum&1 == 1 {
				sum = sum>>1 ^ 0xa001
			} else {
				sum >>= 1
			}
		}
	}
	return sum
}

// requestsProfile has a command for each of the figures.
func requestsProfile() string {
	var resources, commands strings.Builder
	command := func(name string, count int, resource func(i int) (attributes, kind string)) {
		var operations []string
		for i := range count {
			attributes, kind := resource(i)
			fmt.Fprintf(&resources, "  - {name: %s%d, attributes: {%s}, properties: {valueType: %s, readWrite: RW}}\n", name, i, attributes, kind)
			operations = append(operations, fmt.Sprintf("{deviceResource: %s%d}", name, i))
		}
		fmt.Fprintf(&commands, "  - {name: %s, readWrite: RW, resourceOperations: [%s]}\n", name, strings.Join(operations, ", "))
	}
	registers := func(first, step int) func(int) (string, string) {
		return func(i int) (string, string) {
			return fmt.Sprintf("primaryTable: HOLDING_REGISTERS, startingAddress: %d", first+step*i), "Uint16"
		}
	}
	command("Hundred", 100, registers(0, 1))
	command("More", 128, registers(0, 1))
	command("Alternate", 50, registers(200, 2))
	command("Ten", 10, registers(600, 1))
	command("Sixteen", 16, registers(0, 1))
	command("Coils", 1000, func(i int) (string, string) {
		return fmt.Sprintf("primaryTable: COILS, startingAddress: %d", i), "Bool"
	})
	mixed := [][2]string{{"400", "Float32"}, {"402", "Float64"}, {"'406.3'", "Bool"}, {"'406.4-7'", "Uint8"}, {"407", "Int16"}, {"408", "Uint32"}, {"410", "Int64"}}
	command("Mixed", len(mixed), func(i int) (string, string) {
		return "primaryTable: HOLDING_REGISTERS, startingAddress: " + mixed[i][0], mixed[i][1]
	})
	return "name: Figures\ndeviceResources:\n" + resources.String() + "deviceCommands:\n" + commands.String()
}

const rtuDevices = 30

// BenchmarkModbusRequests counts the requests that commands cost, and takes
// their time, against simulators with 5 ms a request.
func BenchmarkModbusRequests(b *testing.B) {
	bus := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(b).Port}
	var tcp, rtu counted
	port := servers.FreePort(b)
	server, err := modbus.NewServer(&modbus.ServerConfiguration{URL: fmt.Sprintf("tcp://127.0.0.1:%d", port), Timeout: time.Minute, MaxClients: 5}, &tcp)
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Stop() })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go rtu.serveRTU(l)

	devices := fmt.Sprintf("deviceList:\n  - {name: tcp, profileName: Figures, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d, Timeout: 4s}}}\n", port)
	for unit := 1; unit <= rtuDevices; unit++ {
		devices += fmt.Sprintf("  - {name: rtu%d, profileName: Figures, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d, Framing: rtu, UnitID: %d, Timeout: 4s}}}\n",
			unit, l.Addr().(*net.TCPAddr).Port, unit)
	}
	url := serveFigures(b, bus, devices)
	read := func(name, command string) {
		stack.MustCall(b, http.StatusOK, http.MethodGet, url+"device/name/"+name+"/"+command, "")
	}
	for unit := 1; unit <= rtuDevices; unit++ {
		stack.Answers(b, fmt.Sprintf("%sdevice/name/rtu%d/Sixteen", url, unit))
	}
	stack.Answers(b, url+"device/name/tcp/Ten")
	var report strings.Builder
	figure := func(what string, c *counted, want int64, do func()) {
		before, began := c.requests.Load(), time.Now()
		do()
		took, n := time.Since(began), c.requests.Load()-before
		fmt.Fprintf(&report, "  %-40s %3d requests %8.1f ms\n", what, n, float64(took.Microseconds())/1000)
		if n != want {
			b.Errorf("%s: %d requests, want %d", what, n, want)
		}
	}
	figure("100 contiguous registers", &tcp, 1, func() { read("tcp", "Hundred") })
	figure("128 contiguous registers", &tcp, 2, func() { read("tcp", "More") })
	figure("50 alternate registers", &tcp, 1, func() { read("tcp", "Alternate") })
	figure("7 values of mixed types and bit fields", &tcp, 1, func() { read("tcp", "Mixed") })
	figure("1,000 coils", &tcp, 1, func() { read("tcp", "Coils") })
	figure("write of 10 contiguous registers", &tcp, 1, func() {
		var values []string
		for i := range 10 {
			values = append(values, fmt.Sprintf(`"Ten%d": "%d"`, i, i))
		}
		stack.MustCall(b, http.StatusOK, http.MethodPut, url+"device/name/tcp/Ten", "{"+strings.Join(values, ", ")+"}")
	})
	figure("a line with 30 RTU devices x 16 registers", &rtu, rtuDevices, func() {
		var all sync.WaitGroup
		for unit := 1; unit <= rtuDevices; unit++ {
			all.Go(func() { read(fmt.Sprint("rtu", unit), "Sixteen") })
		}
		all.Wait()
	})
	b.Logf("Modbus requests, simulators with 5 ms a request\n%s", report.String())
}

// serveFigures starts a device service and returns the address of its API.
func serveFigures(b *testing.B, bus stack.Bus, devices string) (url string) {
	b.Helper()
	dir, own := b.TempDir(), servers.FreePort(b)
	common := strings.NewReplacer("MaxCmdOps: 128", "MaxCmdOps: 1000").Replace(stack.Common(bus, stack.ServeMetadata(b, bus.Client(b, "metadata")), servers.FreePort(b)))
	res := filepath.Join(dir, "res")
	stack.WriteFile(b, res, "configuration.yaml", fmt.Sprintf("Service: {Host: 127.0.0.1, Port: %d, StartupMsg: started}\nMessageBus: {Optional: {ClientId: device-modbus}}\n"+
		"Device: {ProfilesDir: %[2]s/profiles, DevicesDir: %[2]s/devices}\n", own, res))
	stack.WriteFile(b, res, "profiles/figures.yaml", requestsProfile())
	stack.WriteFile(b, res, "devices/all.yaml", devices)
	stack.Start(b, nil, filepath.Join(stack.Binaries(b), "device-modbus"), "-cc", stack.WriteFile(b, dir, "common.yaml", common), "-cd", res)
	return fmt.Sprintf("http://127.0.0.1:%d/api/v3/", own)
}
