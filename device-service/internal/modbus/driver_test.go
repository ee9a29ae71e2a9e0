package modbus

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/device-service/internal/driver"
)

// onSimulator adds the device dev, and waits until it has answered.
func onSimulator(t testing.TB, o Options, more map[string]any) (*Driver, *simulator) {
	t.Helper()
	s := newSimulator(t)
	o.MinPause, o.MaxPause = 10*time.Millisecond, 40*time.Millisecond
	d := newTestDriver(t, o)
	up := make(chan driver.State, 1)
	d.OnState(func(_ string, state driver.State) {
		select {
		case up <- state:
		default: // only the first one is of interest
		}
	})
	if err := d.Add(tcpDevice("dev", s.addr, more), nil); err != nil {
		t.Fatal(err)
	}
	if state := <-up; !state.Up {
		t.Fatal(state.Err)
	}
	s.requests()
	return d, s
}

func words(n, step int) []driver.Resource {
	list := make([]driver.Resource, n)
	for i := range list {
		list[i] = word(i * step)
	}
	return list
}

// readWords checks each value, but for those that must fail.
func readWords(t testing.TB, d *Driver, resources []driver.Resource, bad ...int) {
	t.Helper()
	before := time.Now()
	readings, err := d.Read(t.Context(), "dev", resources)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range readings {
		start, _ := resources[i].Attributes[startingAddress].(int)
		if slices.Contains(bad, start) {
			if !errors.Is(r.Err, modbus.ErrIllegalDataAddress) || r.Value != nil {
				t.Errorf("%s: %v, %v", r.Resource, r.Value, r.Err)
			}
			continue
		}
		if r.Err != nil || r.Value != uint16(start) || r.Time.Before(before) || r.Time.After(time.Now()) {
			t.Errorf("%s: %v, %v at %v", r.Resource, r.Value, r.Err, r.Time)
		}
	}
}

func wantRequests(t testing.TB, s *simulator, want ...string) {
	t.Helper()
	if got := s.requests(); !slices.Equal(got, want) {
		t.Errorf("requests\n got %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

func TestRequestCounts(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	readWords(t, d, words(100, 1))
	wantRequests(t, s, "read holding registers 0-99")
	readWords(t, d, words(128, 1))
	wantRequests(t, s, "read holding registers 0-124", "read holding registers 125-127")
	readWords(t, d, words(50, 2))
	wantRequests(t, s, "read holding registers 0-98")

	mixed := []driver.Resource{
		resource("f", "Float32", "HOLDING_REGISTERS", 10), resource("bit", "Bool", "HOLDING_REGISTERS", "12.3"), resource("field", "Uint8", "HOLDING_REGISTERS", "12.4-7"),
		resource("word", "Int16", "HOLDING_REGISTERS", 13), resource("array", "Uint16Array", "HOLDING_REGISTERS", 14, arraySize, 8),
		resource("text", "String", "HOLDING_REGISTERS", 24, stringRegisterSize, 4),
	}
	if _, err := d.Read(t.Context(), "dev", mixed); err != nil {
		t.Error(err)
	}
	wantRequests(t, s, "read holding registers 10-27")
	bits := make([]driver.Resource, 1000)
	for i := range bits {
		bits[i] = resource(fmt.Sprint("c", i), "Bool", "COILS", i)
	}
	if _, err := d.Read(t.Context(), "dev", bits); err != nil {
		t.Error(err)
	}
	wantRequests(t, s, "read coils 0-999")
	var writes []driver.Write
	for i := range 10 {
		writes = append(writes, write(word(100+i), uint16(i)))
	}
	if err := d.Write(t.Context(), "dev", writes); err != nil {
		t.Error(err)
	}
	wantRequests(t, s, "write holding registers 100-109")

	d, s = onSimulator(t, Options{RegisterGap: -1}, map[string]any{"MaxRegistersPerRead": "60"})
	readWords(t, d, words(3, 2))
	wantRequests(t, s, "read holding registers 0", "read holding registers 2", "read holding registers 4")
	readWords(t, d, words(100, 1))
	wantRequests(t, s, "read holding registers 0-59", "read holding registers 60-99")
}

// A gap that the device does not have costs a few requests once.
func TestUnreadableGapIsRemembered(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	s.missing[span{holdingRegisters, 10, 5}] = true
	resources := append(words(8, 1), word(20), word(21))
	readWords(t, d, resources)
	wantRequests(t, s, "read holding registers 0-21", "read holding registers 0-7", "read holding registers 20-21")
	readWords(t, d, resources)
	wantRequests(t, s, "read holding registers 0-7", "read holding registers 20-21")

	// a resource nearer to the gap is found out as well
	resources = append(resources, word(16))
	readWords(t, d, resources)
	s.requests()
	readWords(t, d, resources)
	wantRequests(t, s, "read holding registers 0-7", "read holding registers 16", "read holding registers 20-21")
}

func TestBadRegisterFailsAlone(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	s.missing[span{holdingRegisters, 37, 1}] = true
	readWords(t, d, words(100, 1), 37)
	if n := len(s.requests()); n > 15 {
		t.Errorf("%d requests to find one bad register of 100", n)
	}
	readWords(t, d, words(100, 1), 37)
	wantRequests(t, s, "read holding registers 0-36", "read holding registers 37", "read holding registers 38-99")
}

func TestBordersLapse(t *testing.T) {
	d, s := onSimulator(t, Options{Relearn: time.Millisecond}, nil)
	s.missing[span{holdingRegisters, 5, 1}] = true
	readWords(t, d, words(8, 1), 5)
	delete(s.missing, span{holdingRegisters, 5, 1})
	time.Sleep(2 * time.Millisecond)
	s.requests()
	readWords(t, d, words(8, 1))
	wantRequests(t, s, "read holding registers 0-7")
}

// A bad value does not spoil a good one inside it.
func TestBadValueAroundAGoodOne(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	s.missing[span{holdingRegisters, 14, 1}] = true
	text := resource("text", "String", "HOLDING_REGISTERS", 10, stringRegisterSize, 8)
	for range 2 {
		s.requests()
		readings, err := d.Read(t.Context(), "dev", []driver.Resource{text, word(12)})
		if err != nil || !errors.Is(readings[0].Err, modbus.ErrIllegalDataAddress) || readings[1].Value != uint16(12) {
			t.Fatalf("%+v, %v", readings, err)
		}
	}
	wantRequests(t, s, "read holding registers 12", "read holding registers 10-17")
}

func TestBadAttributesAreTheErrorOfTheReading(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	readings, err := d.Read(t.Context(), "dev", []driver.Resource{resource("bad", "Int16", "NOWHERE", 1), word(3)})
	if err != nil || len(driver.Findings(readings[0].Err)) != 1 || readings[1].Value != uint16(3) {
		t.Errorf("%+v, %v", readings, err)
	}
	wantRequests(t, s, "read holding registers 3")
}

func write(r driver.Resource, v any) driver.Write { return driver.Write{Resource: r, Value: v} }

func TestNeighboursAreWrittenAtOnce(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	coil := func(n int) driver.Resource { return resource(fmt.Sprint("c", n), "Bool", "COILS", n) }
	err := d.Write(t.Context(), "dev", []driver.Write{
		write(word(10), uint16(1)),
		write(resource("f", "Float32", "HOLDING_REGISTERS", 11, isWordSwap, true), float32(25)),
		write(word(9), uint16(3)), // in front of the two
		write(coil(5), true), write(coil(6), false), write(coil(7), true),
		write(coil(7), false),
		write(word(30), uint16(4)),
		write(resource("b", "Bool", "HOLDING_REGISTERS", "31.2"), true),
	})
	if err != nil {
		t.Fatal(err)
	}
	wantRequests(t, s, "write holding registers 9-12", "write coils 5-7", "write coils 7", "write holding registers 30",
		"read holding registers 31", "write holding registers 31")
	if got := s.registers[1][9:13]; !slices.Equal(got, []uint16{3, 1, 0, 0x41c8}) {
		t.Errorf("registers %04x", got)
	}
	if got := s.bits[0][5:8]; !slices.Equal(got, []bool{true, false, false}) {
		t.Errorf("coils %v", got)
	}
	if s.registers[1][31] != 31|4 {
		t.Errorf("register 31 is %b", s.registers[1][31])
	}
	err = d.Write(t.Context(), "dev", []driver.Write{write(resource("b", "Bool", "HOLDING_REGISTERS", "31.0"), false)})
	if err != nil || s.registers[1][31] != 30 {
		t.Errorf("register 31 is %b, %v", s.registers[1][31], err)
	}
}

func TestLongWritesKeepTheCaps(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	var writes []driver.Write
	for n := range 200 {
		writes = append(writes, write(word(n), uint16(7)))
	}
	if err := d.Write(t.Context(), "dev", writes); err != nil {
		t.Fatal(err)
	}
	wantRequests(t, s, "write holding registers 0-122", "write holding registers 123-199")
}

func TestNotWritten(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	names := func(err error) (list []string) {
		for _, e := range driver.NotWritten(err) {
			list = append(list, e.Resource)
		}
		return list
	}

	// what is wrong from the start keeps all from being written
	err := d.Write(t.Context(), "dev", []driver.Write{
		write(word(1), uint16(9)), write(word(2), "text"), write(resource("i", "Int16", "INPUT_REGISTERS", 1), int16(1)),
	})
	if got := names(err); !slices.Equal(got, []string{"w2", "i"}) || !errors.Is(err, driver.ErrReadOnly) {
		t.Errorf("not written %v: %v", got, err)
	}
	wantRequests(t, s)

	// what the device refuses fails alone
	s.missing[span{holdingRegisters, 41, 1}] = true
	err = d.Write(t.Context(), "dev", []driver.Write{write(word(40), uint16(1)), write(word(41), uint16(2)), write(word(42), uint16(3))})
	if got := names(err); !slices.Equal(got, []string{"w41"}) || !errors.Is(err, modbus.ErrIllegalDataAddress) {
		t.Errorf("not written %v: %v", got, err)
	}
	if got := s.registers[1][40:43]; !slices.Equal(got, []uint16{1, 41, 3}) {
		t.Errorf("registers %v", got)
	}

	// what comes after a failure of the line is not tried
	s.silent(true)
	defer s.silent(false)
	err = d.Write(t.Context(), "dev", []driver.Write{write(word(50), uint16(1)), write(word(60), uint16(2))})
	if got := names(err); !slices.Equal(got, []string{"w50", "w60"}) || !errors.Is(err, modbus.ErrRequestTimedOut) {
		t.Errorf("not written %v: %v", got, err)
	}
}

// A device that has only the functions for many gets these.
func TestWriteWithoutSingleFunctions(t *testing.T) {
	onFakeLine(t, Options{}, -1, 1, func(t *testing.T, d *Driver, f *fakeLine, _ func() []string) {
		var multiple []bool
		f.set(func() {
			f.fail = func(r request) error {
				multiple = append(multiple, r.multiple)
				if !r.multiple {
					return modbus.ErrIllegalFunction
				}
				return nil
			}
		})
		if err := d.Write(t.Context(), "unit1", []driver.Write{write(word(1), uint16(1))}); err != nil {
			t.Error(err)
		}
		f.set(func() {
			if !slices.Equal(multiple, []bool{false, true}) {
				t.Errorf("multiple %v", multiple)
			}
		})
	})
}

func BenchmarkRead100(b *testing.B) {
	d, s := onSimulator(b, Options{}, nil)
	resources := words(100, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Read(b.Context(), "dev", resources); err != nil {
			b.Fatal(err)
		}
	}
	s.requests()
}

// A read of one of 1,000 devices on a line.
func BenchmarkReadOf1000Devices(b *testing.B) {
	d, s := onSimulator(b, Options{}, nil)
	for i := range 1000 {
		if err := d.Add(tcpDevice(fmt.Sprint("other", i), s.addr, map[string]any{"UnitID": 1}), words(10, 1)); err != nil {
			b.Fatal(err)
		}
	}
	resources := words(10, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Read(b.Context(), "dev", resources); err != nil {
			b.Fatal(err)
		}
	}
	s.requests()
}

func BenchmarkAddresses100(b *testing.B) {
	resources := words(100, 1)
	d := &device{}
	b.ReportAllocs()
	for b.Loop() {
		newReader(d, resources)
	}
}

// A cycle of 30 devices on one line, 16 registers each, is 30 requests.
func TestRequestsOfALine(t *testing.T) {
	s := newSimulator(t)
	d := newTestDriver(t, Options{})
	for unit := 1; unit <= 30; unit++ {
		if err := d.Add(tcpDevice(fmt.Sprint("unit", unit), s.addr, map[string]any{"UnitID": unit}), words(16, 1)); err != nil {
			t.Fatal(err)
		}
	}
	cycle := func() (failed error) {
		for unit := 1; unit <= 30; unit++ {
			if _, err := d.Read(t.Context(), fmt.Sprint("unit", unit), words(16, 1)); err != nil {
				failed = err
			}
		}
		return failed
	}
	for deadline := time.Now().Add(patience); cycle() != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not all units are up")
		}
	}
	s.requests()
	if err := cycle(); err != nil {
		t.Fatal(err)
	}
	if got := s.requests(); len(got) != 30 {
		t.Errorf("%d requests", len(got))
	}
}

// 1,000 lost connections leave neither goroutines nor descriptors behind.
func TestReconnectsLeaveNothing(t *testing.T) {
	m := newMischievous(t)
	d := addMischievous(t, m, patience)
	awaitWord(t, d, 1)
	descriptors := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc:", err)
		}
		return len(list)
	}
	goroutines, files := runtime.NumGoroutine(), descriptors()
	n := 0
	m.behave(func() mischief {
		if n++; n%2 == 0 {
			return hangUp
		}
		return plain
	})
	for range 2000 { // every second one loses the connection
		awaitWord(t, d, 2)
	}
	m.mu.Lock()
	if len(m.conns) < 1000 {
		t.Errorf("%d connections", len(m.conns))
	}
	m.mu.Unlock()
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > goroutines || descriptors() > files; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("goroutines %d -> %d, descriptors %d -> %d", goroutines, runtime.NumGoroutine(), files, descriptors())
		}
	}
}
